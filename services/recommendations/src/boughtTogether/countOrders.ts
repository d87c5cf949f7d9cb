import type { ClientBase } from 'pg'
import { events as contracts } from '@forgeshop/forge-id/contracts'
import type { RecommendationsChanged, RecommendedProduct } from '@forgeshop/forge-id/contracts'
import { eventId, productId, recommendationTopic, recommendationsChanged } from '../contracts.js'
import type { IncomingEvent } from '../messaging/cloudEvents.js'
import { addToOutbox, type NewEvent } from '../messaging/outbox.js'

/** The maximum number of products that are recommended with one product. */
export const maxRecommended = 10

// What is known of an order only ever grows, so its events may come in any order. RETURNING has the row after the merge.
const mergeOrders = `
  INSERT INTO orders AS o (id, skus, confirmed, cancelled)
  SELECT "orderId", max(skus), bool_or(change = 'confirmed'), bool_or(change = 'cancelled')
  FROM jsonb_to_recordset($1) AS event ("orderId" uuid, skus text[], change text) GROUP BY "orderId" ORDER BY "orderId"
  ON CONFLICT (id) DO UPDATE SET skus = coalesce(o.skus, excluded.skus),
    confirmed = o.confirmed OR excluded.confirmed, cancelled = o.cancelled OR excluded.cancelled
  RETURNING id, skus, counted, confirmed AND NOT cancelled AND skus IS NOT NULL AS counts`

const setCounted = 'UPDATE orders SET counted = NOT counted WHERE id = ANY($1::uuid[])'

// Locks the products in the order of their IDs, so that two batches cannot deadlock. All that follows is about these products.
const addToProducts = `
  INSERT INTO products AS p (id, sku, orders)
  SELECT id, sku, sum(orders) FROM jsonb_to_recordset($1) AS line (id uuid, sku text, orders bigint) GROUP BY id, sku ORDER BY id
  ON CONFLICT (id) DO UPDATE SET orders = p.orders + excluded.orders`

const addToPairs = `
  WITH lines AS (SELECT * FROM jsonb_to_recordset($1) AS line ("orderId" uuid, id uuid, orders bigint))
  INSERT INTO pairs AS p (product_id, other_id, orders)
  SELECT line.id, other.id, sum(line.orders) FROM lines line JOIN lines other USING ("orderId")
  WHERE line.id <> other.id GROUP BY line.id, other.id ORDER BY line.id, other.id
  ON CONFLICT (product_id, other_id) DO UPDATE SET orders = p.orders + excluded.orders`

const updateRecommended = `
  UPDATE products p SET recommended = now.recommended, last_sequence = p.last_sequence + 1
  FROM (
    SELECT id, (SELECT coalesce(jsonb_agg(jsonb_build_object('productId', other_id, 'sku', o.sku, 'orders', best.orders)
        ORDER BY best.orders DESC, other_id), '[]')
      FROM (SELECT other_id, orders FROM pairs WHERE product_id = id AND orders > 0 ORDER BY orders DESC, other_id LIMIT $2) best
      JOIN products o ON o.id = other_id) AS recommended
    FROM unnest($1::uuid[]) AS id) now
  WHERE p.id = now.id AND p.recommended <> now.recommended
  RETURNING p.id, p.sku, p.recommended, p.last_sequence AS sequence`

type OrderRow = { id: string; skus: string[] | null; counted: boolean; counts: boolean }
type ProductRow = { id: string; sku: string; recommended: RecommendedProduct[]; sequence: string }

/**
 * Counts the products that are bought together. An order counts while it is confirmed and not cancelled. The effect of its events does not
 * depend on their order: a confirmation without products waits for the placing, and a cancelled order is taken out again or never counted.
 */
export async function countOrders(client: ClientBase, events: readonly IncomingEvent[]): Promise<void> {
  const values = [JSON.stringify(events.map((event) => event.order))]
  const { rows: orders } = await client.query<OrderRow>({ name: 'orders', text: mergeOrders, values })
  const changed = orders.filter((order) => order.counted !== order.counts)
  if (changed.length === 0) return
  await client.query({ name: 'counted', text: setCounted, values: [changed.map((order) => order.id)] })

  const lines = changed.flatMap(({ id: orderId, skus, counts }) =>
    (skus ?? []).map((sku) => ({ orderId, id: productId(sku), sku, orders: counts ? 1 : -1 })),
  )
  await client.query({ name: 'products', text: addToProducts, values: [JSON.stringify(lines)] })
  await client.query({ name: 'pairs', text: addToPairs, values: [JSON.stringify(lines)] })
  const products = [...new Set(lines.map((line) => line.id))]
  const { rows } = await client.query<ProductRow>({ name: 'recommended', text: updateRecommended, values: [products, maxRecommended] })
  if (rows.length === 0) return

  // The last event that changed a product is the cause of what is published about it.
  const ofOrder = new Map(events.map((event) => [event.order.orderId, event]))
  const causes = new Map(lines.map((line) => [line.id, ofOrder.get(line.orderId)]))
  const published = rows.map((product) => newEvent(product, causes.get(product.id)))
  await addToOutbox(client, published)
}

function newEvent({ id, sku, recommended, sequence }: ProductRow, cause: IncomingEvent | undefined): NewEvent {
  const payload: RecommendationsChanged = { productId: id, sku, products: recommended, changedAt: new Date().toISOString() }
  return {
    event_id: eventId(id, recommendationsChanged, BigInt(sequence)),
    topic: recommendationTopic,
    type: recommendationsChanged,
    version: contracts[recommendationsChanged].version,
    subject: id,
    sequence,
    payload,
    causation_id: cause?.envelope.id,
    correlation_id: cause?.envelope.correlationId,
    trace_parent: cause?.trace.traceparent,
    trace_state: cause?.trace.tracestate,
  }
}
