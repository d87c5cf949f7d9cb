import type { Producer } from 'kafkajs'
import type { ClientBase } from 'pg'
import { recommendationTopic } from '../contracts.js'
import { pool } from '../data/database.js'
import { settings } from '../settings.js'
import { logger } from '../telemetry/telemetry.js'
import { endAfter, instruments, startMessageSpan } from '../telemetry/messagingTelemetry.js'
import { writeEvent } from './cloudEvents.js'
import { createProducer, createTopics } from './kafka.js'
import { pause } from './retry.js'

/** An event to be published: the columns of the outbox, which are those of shared/Messaging/Outbox/OutboxMessage.cs. */
export interface NewEvent {
  readonly event_id: string
  readonly topic: string
  readonly type: string
  readonly version: number
  readonly subject: string
  readonly sequence: string
  readonly payload: unknown
  readonly causation_id: string | null | undefined
  readonly correlation_id: string | null | undefined
  readonly trace_parent: string | null | undefined
  readonly trace_state: string | null | undefined
}

const columns = 'event_id, topic, type, version, subject, sequence, payload, causation_id, correlation_id, trace_parent, trace_state'

// As json and not as jsonb, so that the payload stays as it was written.
const insert = `INSERT INTO outbox (${columns}, occurred_at) SELECT ${columns}, now() FROM json_populate_recordset(NULL::outbox, $1)`

/** Adds events in the transaction of the change that they are about. */
export async function addToOutbox(client: ClientBase, events: readonly NewEvent[]): Promise<void> {
  await client.query({ name: 'outbox', text: insert, values: [JSON.stringify(events)] })
}

// On a young table the planner prefers a bitmap scan and a sort to the partial index, which makes each read many times slower.
const plan = 'SET enable_bitmapscan = off; SET enable_seqscan = off; SET enable_sort = off'
const tryElect = `SELECT pg_try_advisory_lock(hashtext('forgeshop.outbox.relay')) AS elected`

// By status and never "behind the last row that was read": transactions commit in another order than they insert.
const selectUnpublished = `
  SELECT seq, occurred_at, ${columns} FROM outbox WHERE published_at IS NULL AND error IS NULL ORDER BY seq LIMIT $1`
const markPublished = 'UPDATE outbox SET published_at = now() WHERE seq = ANY($1::bigint[])'
const deletePublished = `DELETE FROM outbox WHERE occurred_at < now() - $1 * interval '1 millisecond' AND published_at IS NOT NULL`
const deleteReceived = `DELETE FROM inbox WHERE received_at < now() - $1 * interval '1 millisecond'`

export type OutboxRow = NewEvent & { readonly seq: string; readonly occurred_at: Date }

let wake = new AbortController()
/** When the oldest message that waits was written; undefined on a standby, and when none waits. */
let oldest: Date | undefined

/** Lets the relay look for messages at once. */
export const wakeRelay = () => wake.abort()

/** The age of the oldest message that waits, in milliseconds. */
export const outboxAge = () => (oldest ? Math.max(0, Date.now() - oldest.getTime()) : 0)

/**
 * Publishes the outbox until the signal is aborted or something fails. Of all replicas only the one that holds the session lock publishes,
 * which keeps the order per key; a standby takes over when the lock is free. A crash between Kafka's acknowledgement and the mark publishes
 * messages again, and inboxes drop them.
 */
export async function publishOutbox(signal: AbortSignal): Promise<void> {
  // A producer that failed is replaced, so that nothing of a batch arrives behind its own repetition. The lock ends with the connection.
  const producer = createProducer()
  const connection = await pool.connect()
  try {
    await connection.query(plan)
    while (!(await connection.query<{ elected: boolean }>(tryElect)).rows[0]?.elected) {
      await pause(settings.Messaging__PollInterval, signal)
      if (signal.aborted) return
    }
    await createTopics(recommendationTopic)
    await producer.connect()
    logger.info('Elected as the active relay')
    await publishAll(connection, producer, signal)
  } finally {
    oldest = undefined
    await producer.disconnect()
    connection.release(true)
  }
}

async function publishAll(connection: ClientBase, producer: Producer, signal: AbortSignal): Promise<void> {
  for (let cleanedUpAt = Date.now(); !signal.aborted;) {
    wake = new AbortController()
    const { rows } = await connection.query<OutboxRow>(selectUnpublished, [settings.Messaging__PublishBatchSize])
    oldest = rows[0]?.occurred_at
    instruments.outboxPending.record(rows.length)
    instruments.outboxAge.record(outboxAge() / 1000)
    if (rows.length > 0) {
      await publish(producer, rows)
      await connection.query(markPublished, [rows.map((row) => row.seq)])
    } else {
      await pause(settings.Messaging__PollInterval, AbortSignal.any([signal, wake.signal]))
    }
    if (Date.now() - cleanedUpAt >= settings.Messaging__CleanUpInterval) {
      await connection.query(deletePublished, [settings.Messaging__OutboxRetention])
      await connection.query(deleteReceived, [settings.Messaging__InboxRetention])
      cleanedUpAt = Date.now()
    }
  }
}

async function publish(producer: Producer, rows: readonly OutboxRow[]): Promise<void> {
  const spans = rows.map(startSpan)
  const messages = rows.map((row, index) => writeEvent(row, spans[index]?.headers ?? {}))
  await endAfter(spans, () => producer.send({ topic: recommendationTopic, timeout: settings.Messaging__PublishTimeout, messages }))
  instruments.published.add(rows.length, { 'messaging.destination.name': recommendationTopic })
}

function startSpan({ event_id, trace_parent, trace_state, correlation_id }: OutboxRow) {
  const headers = { traceparent: trace_parent, tracestate: trace_state }
  return startMessageSpan('publish', recommendationTopic, event_id, headers, { 'forgeshop.correlation_id': correlation_id ?? undefined })
}
