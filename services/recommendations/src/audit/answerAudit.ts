import type { FastifyInstance } from 'fastify'
import { handledTypes, orderTopic, uuidOf } from '../contracts.js'
import { pool } from '../data/database.js'
import { invalid, Problem } from '../http/problems.js'
import { allow } from '../http/tokens.js'
import { wakeRelay } from '../messaging/outbox.js'
import { logger } from '../telemetry/telemetry.js'

const service = 'recommendations'
const maxItems = 1000
const maxRepairs = 200

/** The collections of this service's store; `sql` selects their entries with their natural keys. */
const collections = [
  { about: { name: 'products', entityType: 'products' }, sql: `SELECT id, jsonb_build_object('key', sku) AS key FROM products` },
  {
    about: { name: 'outbox', entityType: 'events', isAuthority: true, canRepair: true },
    sql: `SELECT event_id AS id, jsonb_build_object('aggregate', subject, 'type', type, 'sequence', sequence::text) AS key,
      topic || '/' || type AS "group", occurred_at AS at FROM outbox`,
  },
  {
    about: { name: 'inbox', entityType: 'events', isComplete: true, groups: handledTypes.map((type) => `${orderTopic}/${type}`) },
    sql: 'SELECT event_id AS id, received_at AS at FROM inbox',
  },
]

const position = `SELECT (SELECT coalesce(max(seq), 0) FROM outbox)::int AS last,
  (SELECT min(seq) FROM outbox WHERE published_at IS NULL AND error IS NULL)::int AS "firstUnpublished"`

const repair = `UPDATE outbox SET published_at = NULL, error = NULL
  WHERE event_id = ANY($1::uuid[]) AND (published_at IS NOT NULL OR error IS NOT NULL) RETURNING event_id AS id`

const replaySince = 'UPDATE outbox SET published_at = NULL, error = NULL WHERE occurred_at >= $1'

type Audited = { Params: { name: string }; Querystring: { after?: string; limit?: string }; Body: { ids?: unknown } | undefined }

/**
 * The audit protocol (docs/audit.md): what this service's store holds, in pages; and the replay for `forge outbox replay`. The gateway
 * routes none of it.
 */
export function mapAudit(server: FastifyInstance): void {
  const audit = { onRequest: allow('internal:audit') }

  server.get('/internal/audit', audit, async () => {
    const { rows } = await pool.query(position)
    return { service, outbox: rows[0] as unknown, collections: collections.map(({ about }) => ({ ...about, store: 'postgresql' })) }
  })

  server.get<Audited>('/internal/audit/:name', audit, async ({ params, query }) => {
    const collection = find(params.name)
    const limit = Number(query.limit ?? 500)
    if (!Number.isInteger(limit) || limit < 1 || limit > maxItems) throw invalid('limit', `A page has 1 to ${maxItems} entries.`)
    const after = uuidOf(query.after ?? '00000000-0000-0000-0000-000000000000')
    if (after === undefined) throw invalid('after', 'This is not a cursor from an earlier page.')
    const sql = `SELECT * FROM (${collection.sql}) entry WHERE id > $1 ORDER BY id LIMIT $2`
    const { rows } = await pool.query<{ id: string }>(sql, [after, limit])
    return page(collection, rows, rows.length === limit ? rows.at(-1)?.id : undefined)
  })

  server.post<Audited>('/internal/audit/:name/lookup', audit, async ({ params, body }) => {
    const collection = find(params.name)
    const { rows } = await pool.query(`SELECT * FROM (${collection.sql}) entry WHERE id = ANY($1::uuid[])`, [idsOf(body?.ids, maxItems)])
    return page(collection, rows)
  })

  server.post<Audited>('/internal/audit/:name/repair', audit, async ({ params, body }) => {
    if (!find(params.name).about.canRepair) throw new Problem(422, 'not-repairable', 'This collection is only reported.')
    const { rows } = await pool.query<{ id: string }>(repair, [idsOf(body?.ids, maxRepairs)])
    wakeRelay()
    return { items: rows.map(({ id }) => ({ id, action: 'replayed', before: 'published', after: 'unpublished' })) }
  })

  const replay = { onRequest: allow('messaging:write') }
  server.post<{ Querystring: { since?: string } }>('/operations/outbox/replay', replay, async ({ query }) => {
    const since = new Date(query.since ?? '')
    if (Number.isNaN(since.getTime())) throw invalid('since', 'A time such as 2026-11-21T08:00:00Z is required.')
    const events = (await pool.query(replaySince, [since])).rowCount ?? 0
    wakeRelay()
    logger.info({ events, since }, 'Replaying messages on request of an operator')
    return { events }
  })
}

function find(name: string) {
  const collection = collections.find((candidate) => candidate.about.name === name)
  if (!collection) throw new Problem(404, 'collection-not-found', 'There is no such collection.')
  return collection
}

function page({ about: { name, entityType } }: (typeof collections)[number], items: unknown[], next: string | null = null) {
  return { service, collection: name, entityType, items, next }
}

function idsOf(values: unknown, most: number): string[] {
  const given: unknown[] = Array.isArray(values) ? values : [undefined]
  const ids = given.map(uuidOf).filter((id) => id !== undefined)
  if (ids.length < given.length || ids.length > most) throw invalid('ids', `At most ${most} IDs.`)
  return ids
}
