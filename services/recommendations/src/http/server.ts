import { context, propagation, trace } from '@opentelemetry/api'
import { createRequire } from 'node:module'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { uuidOf, type ShopIds } from '../contracts/ids.js'
import { isTransient } from '../data/transientErrors.js'
import type { Logger } from '../telemetry/logging.js'
import { Problem, sendProblem, statusProblem } from './problems.js'

// By require: OpenTelemetry instruments node:http when a CommonJS module requires it.
const fastify = (createRequire(import.meta.url)('fastify') as typeof import('fastify')).fastify

const bodyLimit = 64 * 1024
const correlationAttribute = 'forgeshop.correlation_id'
const zeroTrace = '0'.repeat(32)

/** Creates the server with what every service of the shop does: problem details, trace and correlation headers, errors of the store as 503. */
export function createServer(ids: ShopIds, logger: Logger): FastifyInstance {
  // An address that the router cannot decode.
  const frameworkErrors = (error: Error, _request: unknown, reply: FastifyReply) => {
    void sendProblem(reply.header('x-trace-id', traceIdOf()), translate(error), traceIdOf())
  }
  const server = fastify({
    logger: false,
    bodyLimit,
    trustProxy: false,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    frameworkErrors,
  })
  server.addHook('onRequest', (request, reply, done) => {
    const span = trace.getActiveSpan()
    const correlation = correlationOf(request, ids)
    span?.setAttribute(correlationAttribute, correlation)
    span?.updateName(`${request.method} ${routeOf(request)}`)
    span?.setAttribute('http.route', routeOf(request))
    const carrier: Record<string, string> = {}
    propagation.inject(context.active(), carrier)
    if (carrier.traceparent !== undefined) void reply.headers({ traceparent: carrier.traceparent, 'x-trace-id': traceIdOf() })
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
  return server
}

function translate(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (isTransient(error)) return statusProblem(503)
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500
  return statusProblem(status)
}

/** Gets the correlation ID: the gateway's, which travels as baggage; otherwise it is derived as in every service. */
function correlationOf(request: FastifyRequest, ids: ShopIds): string {
  const travelled = propagation.getBaggage(context.active())?.getEntry('correlation')?.value
  const known = uuidOf(travelled)
  return known ?? ids.correlation('anonymous', `${request.method} ${routeOf(request)}`, traceIdOf())
}

const routeOf = (request: FastifyRequest) => request.routeOptions.url?.replace(/:(\w+)/g, '{$1}') ?? 'unmatched'

const traceIdOf = () => trace.getSpanContext(context.active())?.traceId ?? zeroTrace
