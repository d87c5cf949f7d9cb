import type { FastifyInstance } from 'fastify'
import type { Pool } from 'pg'
import { handledTypes, orderTopic } from '../contracts/events.js'
import { uuidOf } from '../contracts/ids.js'
import { invalid, Problem } from '../http/problems.js'
import type { AccessTokens } from '../http/tokens.js'
import type { WakeUp } from '../messaging/waiting.js'

/** A collection of this service's store; `sql` selects its entries with their natural keys. */
interface Collection {
  readonly about: {
    readonly name: string
    readonly entityType: string
    readonly isAuthority?: boolean
    readonly isComplete?: boolean
    readonly canRepair?: boolean
    readonly groups?: readonly string[]
  }
  readonly id: string
  readonly sql: string
}

const maxItems = 1000
const maxRepairs = 200

const collections: readonly Collection[] = [
  { about: { name: 'products', entityType: 'products' }, id: 'id', sql: `SELECT id, jsonb_build_object('key', sku) AS key FROM products` },
  {
    about: { name: 'outbox', entityType: 'events', isAuthority: true, canRepair: true },
    id: 'event_id',
    sql: `SELECT event_id AS id, jsonb_build_object('aggregate', subject, 'type', type, 'sequence', sequence::text) AS key,
      topic || '/' || type AS "group", occurred_at AS at FROM outbox`,
  },
  {
    about: { name: 'inbox', entityType: 'events', isComplete: true, groups: handledTypes.map((type) => `${orderTopic}/${type}`) },
    id: 'event_id',
    sql: 'SELECT event_id AS id, received_at AS at FROM inbox',
  },
]

const position = `SELECT (SELECT coalesce(max(seq), 0) FROM outbox)::int AS last,
  (SELECT min(seq) FROM outbox WHERE published_at IS NULL AND error IS NULL)::int AS "firstUnpublished"`

const replay = `UPDATE outbox SET published_at = NULL, error = NULL
  WHERE event_id = ANY($1::uuid[]) AND (published_at IS NOT NULL OR error IS NOT NULL) RETURNING event_id AS id`

/** The audit protocol (docs/audit.md): what this service's store holds, in pages. The gateway does not route it. */
export function mapAudit(server: FastifyInstance, service: string, pool: Pool, tokens: AccessTokens, relay: WakeUp): void {
  const allow = (authorization: string | undefined) => tokens.require(authorization, 'internal:audit')

  server.get('/internal/audit', async (request) => {
    await allow(request.headers.authorization)
    const { rows } = await pool.query(position)
    return { service, outbox: rows[0] as unknown, collections: collections.map(({ about }) => ({ ...about, store: 'postgresql' })) }
  })

  server.get<{ Params: Named; Querystring: { after?: string; limit?: string } }>('/internal/audit/:name', async (request) => {
    await allow(request.headers.authorization)
    const collection = find(request.params)
    const limit = Number(request.query.limit ?? 500)
    if (!Number.isInteger(limit) || limit < 1 || limit > maxItems) throw invalid('limit', `A page has 1 to ${maxItems} entries.`)
    const after = uuidOf(request.query.after ?? '00000000-0000-0000-0000-000000000000')
    if (after === undefined) throw invalid('after', 'This is not a cursor from an earlier page.')
    const { id, sql } = collection
    const { rows } = await pool.query<{ id: string }>(`${sql} WHERE ${id} > $1 ORDER BY ${id} LIMIT $2`, [after, limit])
    return page(service, collection, rows, rows.length === limit ? rows.at(-1)?.id : undefined)
  })

  server.post<{ Params: Named; Body: { ids?: unknown } }>('/internal/audit/:name/lookup', async (request) => {
    await allow(request.headers.authorization)
    const collection = find(request.params)
    const { rows } = await pool.query(`${collection.sql} WHERE ${collection.id} = ANY($1::uuid[])`, [
      idsOf(request.body.ids, maxItems, 'ids'),
    ])
    return page(service, collection, rows)
  })

  server.post<{ Params: Named; Body: { ids?: unknown } }>('/internal/audit/:name/repair', async (request) => {
    await allow(request.headers.authorization)
    if (!find(request.params).about.canRepair) throw new Problem(422, 'not-repairable', 'This collection is only reported.')
    const { rows } = await pool.query<{ id: string }>(replay, [idsOf(request.body.ids, maxRepairs, 'ids')])
    relay.set()
    return { items: rows.map(({ id }) => ({ id, action: 'replayed', before: 'published', after: 'unpublished' })) }
  })
}

interface Named {
  name: string
}

function find({ name }: Named): Collection {
  const collection = collections.find((candidate) => candidate.about.name === name)
  if (!collection) throw new Problem(404, 'collection-not-found', 'There is no such collection.')
  return collection
}

function page(service: string, { about: { name, entityType } }: Collection, items: unknown[], next: string | null = null) {
  return { service, collection: name, entityType, items, next }
}

function idsOf(values: unknown, most: number, field: string): string[] {
  const ids = (Array.isArray(values) ? values : []).map(uuidOf)
  if (!Array.isArray(values) || ids.length > most || ids.includes(undefined)) throw invalid(field, `At most ${most} IDs.`)
  return ids.filter((id) => id !== undefined)
}
