import { countOrders } from '../boughtTogether/countOrders.js'
import { orderTopic } from '../contracts.js'
import { inTransaction } from '../data/database.js'
import { endAfter, instruments, startMessageSpan } from '../telemetry/messagingTelemetry.js'
import type { IncomingEvent } from './cloudEvents.js'
import { wakeRelay } from './outbox.js'

// In the order of the IDs, so that two consumers that handle the same events cannot deadlock.
const insertNew = `
  INSERT INTO inbox (event_id, received_at) SELECT id, now() FROM unnest($1::uuid[]) AS id ORDER BY id
  ON CONFLICT DO NOTHING RETURNING event_id`

/**
 * The inbox: idempotency is a primary key. A batch is one transaction that inserts the derived event IDs, counts the orders of those
 * that were not there yet, and commits both. An event that arrives again finds its ID, and nothing happens. Each event has a span in its
 * own trace, and what its effect emits belongs to it.
 */
export async function processBatch(batch: readonly IncomingEvent[]): Promise<void> {
  const spans = batch.map(startSpan)
  const traced = batch.map((event, index) => ({ ...event, trace: spans[index]?.headers ?? event.trace }))
  const handled = await endAfter(spans, () =>
    inTransaction(async (client) => {
      const values = [traced.map((event) => event.envelope.id)]
      const { rows } = await client.query<{ event_id: string }>({ name: 'inbox', text: insertNew, values })
      const inserted = new Set(rows.map((row) => row.event_id))
      // A batch may contain the same event twice: the first copy is the new one.
      const fresh = traced.filter((event) => inserted.delete(event.envelope.id))
      if (fresh.length > 0) await countOrders(client, fresh)
      return fresh.length
    }),
  )
  wakeRelay()
  const attributes = { 'messaging.destination.name': orderTopic }
  instruments.handled.add(handled, attributes)
  instruments.duplicates.add(batch.length - handled, attributes)
}

function startSpan({ envelope, trace, offset }: IncomingEvent) {
  return startMessageSpan('process', orderTopic, envelope.id, trace, {
    'messaging.consumer.group.name': 'recommendations',
    'messaging.kafka.offset': Number(offset),
    'forgeshop.correlation_id': envelope.correlationId,
  })
}
