import type { FastifyInstance } from 'fastify'
import type { Pool } from 'pg'
import { invalid } from '../http/problems.js'
import type { AccessTokens } from '../http/tokens.js'
import type { Logger } from '../telemetry/logging.js'
import { replaySince } from './outbox.js'
import type { WakeUp } from './waiting.js'

/** POST /operations/outbox/replay?since=: for the operator's `forge outbox replay`. The gateway does not route it. */
export function mapReplayOutbox(server: FastifyInstance, pool: Pool, tokens: AccessTokens, relay: WakeUp, logger: Logger): void {
  server.post<{ Querystring: { since?: string } }>('/operations/outbox/replay', async (request) => {
    await tokens.require(request.headers.authorization, 'messaging:write')
    const since = new Date(request.query.since ?? '')
    if (Number.isNaN(since.getTime())) throw invalid('since', 'A time such as 2026-11-21T08:00:00Z is required.')
    const events = await replaySince(pool, since)
    relay.set()
    logger.info({ events, since }, 'Replaying messages on request of an operator')
    return { events }
  })
}
