import type { ClientBase } from 'pg'
import type { Queryable } from '../data/database.js'
import type { Origin, OutboxMessage } from './cloudEvents.js'

/** The SQL of the outbox: that of shared/Messaging/Outbox/OutboxTable.cs. */

/** An event to be published, written in the transaction of the change that it is about. */
export interface NewEvent {
  readonly eventId: string
  readonly topic: string
  readonly type: string
  readonly version: number
  readonly subject: string
  readonly sequence: number
  readonly data: unknown
  readonly origin: Origin
}

const insert = `
  INSERT INTO outbox (event_id, topic, type, subject, sequence, version, payload, occurred_at, causation_id, correlation_id, trace_parent, trace_state)
  SELECT event_id, topic, type, subject, sequence, version, payload::json, now(), causation_id, correlation_id, trace_parent, trace_state
  FROM jsonb_to_recordset($1::jsonb) AS event (event_id uuid, topic text, type text, subject uuid, sequence bigint, version integer,
    payload text, causation_id uuid, correlation_id uuid, trace_parent text, trace_state text)`

// By status and never "behind the last row that was read": transactions commit in another order than they insert.
const selectUnpublished = `
  SELECT seq, event_id AS "eventId", topic, type, subject, sequence, version, payload::text AS payload, causation_id AS "causationId",
    correlation_id AS "correlationId", trace_parent AS "traceParent", trace_state AS "traceState",
    rtrim(rtrim(to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '0'), '.') || 'Z' AS "occurredAt"
  FROM outbox WHERE published_at IS NULL AND error IS NULL ORDER BY seq LIMIT $1`

// The condition repeats that of the partial index: without it, the statement reads the whole table.
const markPublished = `
  UPDATE outbox o SET published_at = CASE WHEN result.error IS NULL THEN now() END, error = result.error
  FROM unnest($1::bigint[], $2::text[]) AS result (seq, error)
  WHERE o.seq = result.seq AND o.seq BETWEEN ($1::bigint[])[1] AND ($1::bigint[])[cardinality($1::bigint[])]
    AND o.published_at IS NULL AND o.error IS NULL`

const deletePublished = `
  DELETE FROM outbox WHERE seq IN (SELECT seq FROM outbox
    WHERE occurred_at < now() - $1 * interval '1 millisecond' AND published_at IS NOT NULL LIMIT $2)`

const deleteReceived = `
  DELETE FROM inbox WHERE event_id IN (SELECT event_id FROM inbox WHERE received_at < now() - $1 * interval '1 millisecond' LIMIT $2)`

const replay = `
  UPDATE outbox SET published_at = NULL, error = NULL
  WHERE seq IN (SELECT seq FROM outbox WHERE occurred_at >= $1 AND (published_at < $2 OR error IS NOT NULL) LIMIT $3)`

const deleteBatch = 1_000
const replayBatch = 5_000

export async function addToOutbox(client: ClientBase, events: readonly NewEvent[]): Promise<void> {
  const rows = events.map(({ eventId, data, origin, ...event }) => ({
    ...event,
    event_id: eventId,
    payload: JSON.stringify(data),
    causation_id: origin.causationId,
    correlation_id: origin.correlationId,
    trace_parent: origin.traceParent,
    trace_state: origin.traceState,
  }))
  await client.query({ name: 'outbox', text: insert, values: [JSON.stringify(rows)] })
}

export async function readUnpublished(client: ClientBase, limit: number): Promise<OutboxMessage[]> {
  return (await client.query<OutboxMessage>({ name: 'unpublished', text: selectUnpublished, values: [limit] })).rows
}

/** Marks a batch, in the order of its numbers, in one statement: published where there is no error, passed over where there is one. */
export async function markPublishedOrRefused(client: ClientBase, results: readonly { seq: string; error: string | undefined }[]) {
  const values = [results.map((result) => result.seq), results.map((result) => result.error ?? null)]
  await client.query({ name: 'mark', text: markPublished, values })
}

/** Deletes rows beyond their retention, in bounded batches. */
export async function cleanUp(client: ClientBase, outboxRetention: number, inboxRetention: number): Promise<void> {
  for (const [sql, retention] of [[deletePublished, outboxRetention] as const, [deleteReceived, inboxRetention] as const]) {
    while ((await client.query(sql, [retention, deleteBatch])).rowCount === deleteBatch);
  }
}

/** Marks everything since a time as unpublished, in bounded batches; returns the number of messages that the relay publishes again. */
export async function replaySince(database: Queryable, since: Date): Promise<number> {
  const started = new Date()
  for (let total = 0; ;) {
    const count = (await database.query(replay, [since, started, replayBatch])).rowCount ?? 0
    total += count
    if (count < replayBatch) return total
  }
}
