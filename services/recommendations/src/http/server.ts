import { context, propagation, trace } from '@opentelemetry/api'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { correlationId, uuidOf } from '../contracts.js'
import { isTransient, pool } from '../data/database.js'
import { isBehind } from '../messaging/consumer.js'
import { outboxAge } from '../messaging/outbox.js'
import { settings } from '../settings.js'
import { headersFor } from '../telemetry/messagingTelemetry.js'
import { logger, requireInstrumented } from '../telemetry/telemetry.js'
import { Problem, sendProblem, statusProblem } from './problems.js'

const { fastify } = requireInstrumented('fastify') as typeof import('fastify')

/** Creates the server with what every service of the shop has: problem details, headers of trace and correlation, health. */
export function createServer(): FastifyInstance {
  const server = fastify({
    bodyLimit: 64 * 1024,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    // An address that the router cannot decode.
    frameworkErrors: (error, _request, reply) => {
      void sendProblem(reply.header('x-trace-id', traceIdOf()), translate(error), traceIdOf())
    },
  })
  server.addHook('onRequest', (request, reply, done) => {
    const correlation = correlationOf(request)
    trace
      .getActiveSpan()
      ?.updateName(`${request.method} ${routeOf(request)}`)
      .setAttributes({ 'forgeshop.correlation_id': correlation, 'http.route': routeOf(request) })
    const { traceparent } = headersFor(context.active())
    if (traceparent) void reply.headers({ traceparent, 'x-trace-id': traceIdOf() })
    void reply.header('x-correlation-id', correlation)
    done()
  })
  server.setNotFoundHandler((_request, reply) => sendProblem(reply, statusProblem(404), traceIdOf()))
  server.setErrorHandler((error, request, reply) => {
    const problem = translate(error)
    if (problem.status >= 500 && !(error instanceof Problem))
      logger.error({ err: error, correlationId: reply.getHeader('x-correlation-id') }, `${request.method} ${routeOf(request)} failed`)
    return sendProblem(reply, problem, traceIdOf())
  })
  server.get('/alive', () => ({ status: 'Healthy', checks: { self: 'Healthy' } }))
  server.get('/health', health)
  return server
}

/** Without its database the service is unhealthy; without Kafka, or behind with its messages, degraded, because it still answers. */
async function health() {
  const isStored = await pool.query('SELECT 1').then(Boolean, () => false)
  const messaging = isBehind() || outboxAge() > settings.Messaging__MaxOutboxAge ? 'Degraded' : 'Healthy'
  const checks = { self: 'Healthy', database: isStored ? 'Healthy' : 'Unhealthy', messaging }
  if (isStored) return { status: messaging, checks }
  throw new Problem(503, 'not-ready', 'A dependency of this service does not answer, or it is still starting.', { members: { checks } })
}

function translate(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (isTransient(error)) return statusProblem(503)
  return statusProblem(error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500)
}

/** Gets the correlation ID: the gateway's, which travels as baggage; otherwise it is derived as in every service. */
function correlationOf(request: FastifyRequest): string {
  const travelled = propagation.getBaggage(context.active())?.getEntry('correlation')?.value
  return uuidOf(travelled) ?? correlationId('anonymous', `${request.method} ${routeOf(request)}`, traceIdOf())
}

const routeOf = (request: FastifyRequest) => request.routeOptions.url?.replace(/:(\w+)/g, '{$1}') ?? 'unmatched'

const traceIdOf = () => trace.getSpanContext(context.active())?.traceId ?? '0'.repeat(32)
