import { parseUuid } from '@forgeshop/forge-id'
import { events, readSku, type EventType, type RecommendedProduct } from '@forgeshop/forge-id/contracts'

export type { RecommendationsChanged, RecommendedProduct } from '@forgeshop/forge-id/contracts'

/** What this service takes from the contracts, which are generated from shared/Contracts. */

export const orderTopic = events['orders.order-placed'].topic
export const recommendationsChanged = 'recommendations.recommendations-changed' satisfies EventType
export const recommendationTopic = events[recommendationsChanged].topic

/** Returns the dead-letter topic of a topic. */
export const deadLetterTopic = (topic: string) => `${topic}.dlq`

/** What an event says of its order. Events of older releases have no items. */
export interface OrderEvent {
  readonly orderId: string
  readonly change: 'placed' | 'confirmed' | 'cancelled'
  readonly skus: readonly string[] | undefined
}

/** The members in their order, which PostgreSQL's jsonb does not keep. */
export const inOrder = ({ productId, sku, orders }: RecommendedProduct): RecommendedProduct => ({ productId, sku, orders })

const changes: Readonly<Partial<Record<string, OrderEvent['change']>>> = {
  'orders.order-placed': 'placed',
  'orders.order-confirmed': 'confirmed',
  'orders.order-cancelled': 'cancelled',
} satisfies Partial<Record<EventType, OrderEvent['change']>>

export const handledTypes = Object.keys(changes) as EventType[]

export const isHandled = (topic: string, type: string) => topic === orderTopic && type in changes

const strictUtf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * Reads the members that the effect needs.
 * @throws {Error} The data has not the form of its type, or a version that this release does not know. The message has no value of the event.
 */
export function readOrderEvent(type: EventType, version: number, json: Uint8Array): OrderEvent {
  const change = changes[type]
  if (!change) throw new Error(`${type} is not known here`)
  const { version: known } = events[type]
  if (version > known) throw new Error(`version ${version} of ${type} is not known here, only ${known}`)
  const { orderId, items } = members(parse(json), 'the data')
  if (change === 'placed' && !items) throw new Error('items is missing')
  return { orderId: parseUuid(String(orderId)), change, skus: items === undefined || items === null ? undefined : skusOf(items) }
}

function parse(json: Uint8Array): unknown {
  try {
    return JSON.parse(strictUtf8.decode(json))
  } catch (error) {
    throw new Error('the data is not valid JSON', { cause: error })
  }
}

function skusOf(items: unknown): readonly string[] {
  if (!Array.isArray(items)) throw new Error('items is not a list')
  return [...new Set(items.map((item) => readSku(members(item, 'an item').sku)))].sort()
}

function members(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(`${name} is not an object`)
  return value as Record<string, unknown>
}
