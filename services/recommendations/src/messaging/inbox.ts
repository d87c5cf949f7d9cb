import type { Span } from '@opentelemetry/api'
import type { ClientBase, Pool } from 'pg'
import type { OrderEvent } from '../contracts/events.js'
import { inTransaction } from '../data/database.js'
import { endSpan, inBatchSpan, startMessageSpan, under } from '../telemetry/messagingTelemetry.js'
import type { MessagingContext } from './context.js'
import type { EventContext } from './cloudEvents.js'

/** A message that a handler takes. */
export interface IncomingEvent {
  readonly context: EventContext
  readonly data: OrderEvent
  readonly topic: string
  readonly offset: string
}

/** Handles all new events of a batch in the transaction that also inserts their IDs. */
export type BatchHandler = (client: ClientBase, events: readonly IncomingEvent[]) => Promise<void>

// In the order of the IDs, so that two consumers that handle the same events cannot deadlock.
const insertNew = `
  INSERT INTO inbox (event_id, received_at) SELECT id, now() FROM unnest($1::uuid[]) AS id ORDER BY id
  ON CONFLICT DO NOTHING RETURNING event_id`

/**
 * The inbox: idempotency is a primary key. A batch is one transaction that inserts the derived event IDs, runs the handler for those that
 * were not there yet, and commits both. An event that arrives again finds its ID, and nothing happens.
 */
export class Inbox {
  constructor(
    private readonly context: MessagingContext,
    private readonly pool: Pool,
    private readonly handle: BatchHandler,
    private readonly onCommit: () => void,
  ) {}

  async process(batch: readonly IncomingEvent[]): Promise<void> {
    const origins = batch.map((event) => event.context)
    const handled = await inBatchSpan(origins, this.context.service, () =>
      inTransaction(this.pool, async (client) => {
        const fresh = await insert(client, batch)
        if (fresh.length > 0) await this.#handleInSpans(client, fresh)
        return fresh
      }),
    )
    this.onCommit()
    this.context.metrics.batchSize.record(handled.length)
    const isHandled = new Set(handled)
    for (const event of batch) {
      const counter = isHandled.has(event) ? this.context.metrics.handled : this.context.metrics.duplicates
      counter.add(1, { 'messaging.destination.name': event.topic, 'cloudevents.event_type': event.context.type })
    }
  }

  /** Each event gets a span in its own trace; what the handler emits belongs to it. */
  async #handleInSpans(client: ClientBase, events: readonly IncomingEvent[]): Promise<void> {
    const spans: Span[] = []
    const traced = events.map((event) => {
      const attributes = { 'messaging.consumer.group.name': this.context.service, 'messaging.kafka.offset': Number(event.offset) }
      const span = startMessageSpan('process', event.topic, event.context.id, event.context, attributes)
      spans.push(span)
      return { ...event, context: under(event.context, span) }
    })
    try {
      await this.handle(client, traced)
      for (const span of spans) endSpan(span)
    } catch (error) {
      for (const span of spans) endSpan(span, error)
      throw error
    }
  }
}

/** Returns the events that were new. A batch may contain the same event twice: the first copy is the new one. */
async function insert(client: ClientBase, batch: readonly IncomingEvent[]): Promise<IncomingEvent[]> {
  const { rows } = await client.query<{ event_id: string }>({
    name: 'inbox',
    text: insertNew,
    values: [batch.map((event) => event.context.id)],
  })
  const inserted = new Set(rows.map((row) => row.event_id))
  return batch.filter((event) => inserted.delete(event.context.id))
}
