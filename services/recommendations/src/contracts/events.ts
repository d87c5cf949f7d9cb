import { parseUuid } from '@forgeshop/forge-id'
import { canonicalSku } from './ids.js'

/** The contracts of this service, in the form of shared/Contracts/Events. Only the members that it needs. */

export const orderTopic = 'order.events'
export const recommendationTopic = 'recommendation.events'

/** Returns the dead-letter topic of a topic. */
export const deadLetterTopic = (topic: string) => `${topic}.dlq`

/** What an event says of its order. Events of older releases have no items. */
export interface OrderEvent {
  readonly orderId: string
  readonly change: 'placed' | 'confirmed' | 'cancelled'
  readonly skus: readonly string[] | undefined
}

/** The products that are bought together with one product have changed. Published under the ID of the product. */
export interface RecommendationsChanged {
  readonly productId: string
  readonly sku: string
  /** The most frequent first; of equally frequent ones the smaller product ID. */
  readonly products: readonly RecommendedProduct[]
  readonly changedAt: string
}

export interface RecommendedProduct {
  readonly productId: string
  readonly sku: string
  /** The number of confirmed orders that contain both products. */
  readonly orders: number
}

/** The members in their order, which PostgreSQL's jsonb does not keep. */
export const inOrder = ({ productId, sku, orders }: RecommendedProduct): RecommendedProduct => ({ productId, sku, orders })

export const recommendationsChanged = { type: 'recommendations.recommendations-changed', version: 1 }

const strictUtf8 = new TextDecoder('utf-8', { fatal: true })

/** Thrown for data that has not the form of its type; the message is for operators and has no value of the event. */
export class InvalidEventError extends Error {}

type Reader = (data: Members) => OrderEvent
type Members = Readonly<Record<string, unknown>>

/** The types that this service handles, with their version. */
const types: ReadonlyMap<string, { version: number; read: Reader }> = new Map([
  ['orders.order-placed', { version: 1, read: (data) => read('placed', data, skusOf(data.items)) }],
  ['orders.order-confirmed', { version: 1, read: (data) => read('confirmed', data, optional(data.items, skusOf)) }],
  ['orders.order-cancelled', { version: 1, read: (data) => read('cancelled', data, optional(data.items, skusOf)) }],
])

export const handledTypes = [...types.keys()]

export const isHandled = (topic: string, type: string) => topic === orderTopic && types.has(type)

/** @throws {InvalidEventError} The data has not the form of its type, or a version that this release does not know. */
export function readOrderEvent(type: string, version: number, json: Uint8Array): OrderEvent {
  const contract = types.get(type)
  if (!contract) throw new InvalidEventError(`${type} is not known here`)
  if (version > contract.version) throw new InvalidEventError(`version ${version} of ${type} is not known here, only ${contract.version}`)
  return contract.read(members(parse(json), 'the data'))
}

function parse(json: Uint8Array): unknown {
  try {
    return JSON.parse(strictUtf8.decode(json))
  } catch (error) {
    throw new InvalidEventError('the data is not valid JSON', { cause: error })
  }
}

function read(change: OrderEvent['change'], data: Members, skus: readonly string[] | undefined): OrderEvent {
  if (typeof data.orderId !== 'string') throw new InvalidEventError('orderId is missing')
  try {
    return { orderId: parseUuid(data.orderId), change, skus }
  } catch (error) {
    throw new InvalidEventError('orderId is not an ID', { cause: error })
  }
}

function skusOf(items: unknown): readonly string[] {
  if (!Array.isArray(items)) throw new InvalidEventError('items is not a list')
  const skus = items.map((item) => {
    const { sku } = members(item, 'an item')
    const canonical = typeof sku === 'string' ? canonicalSku(sku) : undefined
    if (canonical === undefined) throw new InvalidEventError('the SKU of an item is missing or is not a SKU')
    return canonical
  })
  return [...new Set(skus)].sort()
}

const optional = <T>(value: unknown, read: (value: unknown) => T) => (value === undefined || value === null ? undefined : read(value))

function members(value: unknown, name: string): Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new InvalidEventError(`${name} is not an object`)
  return value as Members
}
