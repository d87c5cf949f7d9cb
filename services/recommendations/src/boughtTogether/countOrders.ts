import type { ClientBase } from 'pg'
import { events as contracts } from '@forgeshop/forge-id/contracts'
import {
  inOrder,
  recommendationsChanged,
  recommendationTopic,
  type RecommendationsChanged,
  type RecommendedProduct,
} from '../contracts/events.js'
import type { ShopIds } from '../contracts/ids.js'
import type { EventContext } from '../messaging/cloudEvents.js'
import type { IncomingEvent } from '../messaging/inbox.js'
import { addToOutbox, type NewEvent } from '../messaging/outbox.js'

/** The maximum number of products that are recommended with one product. */
export const maxRecommended = 10

// What is known of an order only ever grows, so its events may come in any order. RETURNING has the row after the merge.
const mergeOrders = `
  INSERT INTO orders AS o (id, skus, confirmed, cancelled)
  SELECT id, skus, confirmed, cancelled
  FROM jsonb_to_recordset($1::jsonb) AS event (id uuid, skus text[], confirmed boolean, cancelled boolean) ORDER BY id
  ON CONFLICT (id) DO UPDATE SET skus = coalesce(o.skus, excluded.skus),
    confirmed = o.confirmed OR excluded.confirmed, cancelled = o.cancelled OR excluded.cancelled
  RETURNING id, skus, counted, confirmed AND NOT cancelled AND skus IS NOT NULL AS counts`

const setCounted = 'UPDATE orders SET counted = NOT counted WHERE id = ANY($1::uuid[])'

// Locks the products in the order of their IDs, so that two batches cannot deadlock. All that follows is about these products.
const addToProducts = `
  INSERT INTO products AS p (id, sku, orders)
  SELECT id, sku, orders FROM jsonb_to_recordset($1::jsonb) AS change (id uuid, sku text, orders bigint) ORDER BY id
  ON CONFLICT (id) DO UPDATE SET orders = p.orders + excluded.orders`

const addToPairs = `
  INSERT INTO pairs AS p (product_id, other_id, orders)
  SELECT product_id, other_id, orders
  FROM jsonb_to_recordset($1::jsonb) AS change (product_id uuid, other_id uuid, orders bigint) ORDER BY product_id, other_id
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
  RETURNING p.id, p.sku, p.recommended, p.last_sequence::int AS sequence`

interface OrderRow {
  id: string
  skus: string[] | null
  counted: boolean
  counts: boolean
}

interface ProductRow {
  id: string
  sku: string
  recommended: RecommendedProduct[]
  sequence: number
}

/**
 * Counts the products that are bought together. An order counts while it is confirmed and not cancelled. The effect of its events does not
 * depend on their order: a confirmation without products waits for the placing, and a cancelled order is taken out again or never counted.
 */
export async function countOrders(client: ClientBase, ids: ShopIds, events: readonly IncomingEvent[]): Promise<void> {
  const { rows } = await client.query<OrderRow>({ name: 'orders', text: mergeOrders, values: [JSON.stringify(mergeByOrder(events))] })
  const changed = rows.filter((order) => order.counted !== order.counts)
  if (changed.length === 0) return
  await client.query({ name: 'counted', text: setCounted, values: [changed.map((order) => order.id)] })

  const changes = new ProductChanges(ids)
  const contexts = new Map(events.map((event) => [event.data.orderId, event.context]))
  for (const order of changed) changes.add(order.skus ?? [], order.counts ? 1 : -1, contexts.get(order.id))
  await client.query({ name: 'products', text: addToProducts, values: [JSON.stringify([...changes.products.values()])] })
  if (changes.pairs.size === 0) return
  await client.query({ name: 'pairs', text: addToPairs, values: [JSON.stringify([...changes.pairs.values()])] })
  const paired = [...new Set([...changes.pairs.values()].map((pair) => pair.product_id))]
  const recommended = await client.query<ProductRow>({ name: 'recommended', text: updateRecommended, values: [paired, maxRecommended] })
  if (recommended.rows.length > 0)
    await addToOutbox(
      client,
      recommended.rows.map((product) => newEvent(product, ids, changes.contexts.get(product.id))),
    )
}

/** A batch may contain several events of an order, and a statement may change a row only once. */
function mergeByOrder(events: readonly IncomingEvent[]) {
  const orders = new Map<string, { id: string; skus: readonly string[] | null; confirmed: boolean; cancelled: boolean }>()
  for (const { orderId, skus, change } of events.map((event) => event.data)) {
    const known = orders.get(orderId)
    orders.set(orderId, {
      id: orderId,
      skus: known?.skus ?? skus ?? null,
      confirmed: (known?.confirmed ?? false) || change === 'confirmed',
      cancelled: (known?.cancelled ?? false) || change === 'cancelled',
    })
  }
  return [...orders.values()]
}

/** The sum of a batch's changes, by product and by pair of products. */
class ProductChanges {
  readonly products = new Map<string, { id: string; sku: string; orders: number }>()
  readonly pairs = new Map<string, { product_id: string; other_id: string; orders: number }>()
  /** The last event that changed a product: the cause of what is published about it. */
  readonly contexts = new Map<string, EventContext>()

  constructor(private readonly ids: ShopIds) {}

  add(skus: readonly string[], orders: number, context: EventContext | undefined): void {
    const products = skus.map((sku) => ({ id: this.ids.product(sku), sku }))
    for (const product of products) {
      if (context) this.contexts.set(product.id, context)
      this.products.set(product.id, { ...product, orders: (this.products.get(product.id)?.orders ?? 0) + orders })
      for (const other of products.filter((candidate) => candidate !== product)) {
        const key = `${product.id} ${other.id}`
        this.pairs.set(key, { product_id: product.id, other_id: other.id, orders: (this.pairs.get(key)?.orders ?? 0) + orders })
      }
    }
  }
}

function newEvent(product: ProductRow, ids: ShopIds, cause: EventContext | undefined): NewEvent {
  const data: RecommendationsChanged = {
    productId: product.id,
    sku: product.sku,
    products: product.recommended.map(inOrder),
    changedAt: new Date().toISOString(),
  }
  return {
    eventId: ids.event(product.id, recommendationsChanged, BigInt(product.sequence)),
    topic: recommendationTopic,
    type: recommendationsChanged,
    version: contracts[recommendationsChanged].version,
    subject: product.id,
    sequence: product.sequence,
    data,
    origin: {
      causationId: cause?.id ?? null,
      correlationId: cause?.correlationId ?? null,
      traceParent: cause?.traceParent ?? null,
      traceState: cause?.traceState ?? null,
    },
  }
}
