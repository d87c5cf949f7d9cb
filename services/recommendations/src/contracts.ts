import { Forge, ForgeError, int, parseUuid, sku, text, uuid, type Algorithm } from '@forgeshop/forge-id'
import { events, readSku, type EventType } from '@forgeshop/forge-id/contracts'
import { settings } from './settings.js'

/** What this service takes from shared/Contracts: the entity types of catalogue.json that it derives, and the events. */

export const domain = 'forgeshop.example'

const secret = settings.Forge__Secret || undefined
// A secret alone selects v8-hmac-sha256, as in every service.
const algorithm = (settings.Forge__Algorithm || (secret === undefined ? 'v5' : 'v8-hmac-sha256')) as Algorithm
const forge = new Forge(domain)
const products = forge.entity('products', { algorithm, secret })
const correlations = forge.entity('correlations', { algorithm, secret })
export const eventIds = forge.entity('events', { algorithm, secret })

export const productId = (canonicalSku: string): string => products.id(sku(canonicalSku))

/** `sequence` counts an aggregate's events from 1. */
export const eventId = (aggregate: string, type: string, sequence: bigint): string =>
  eventIds.id({ aggregate: uuid(aggregate), type: text(type), sequence: int(sequence) })

export const correlationId = (actor: string, action: string, reference: string): string =>
  correlations.id({ actor: text(actor), action: text(action), reference: text(reference) })

/** Returns a UUID in lower case; undefined if the value is none. */
export function uuidOf(value: unknown): string | undefined {
  try {
    return parseUuid(String(value))
  } catch (error) {
    if (error instanceof ForgeError) return undefined
    throw error
  }
}

export const orderTopic = events['orders.order-placed'].topic
export const recommendationsChanged = 'recommendations.recommendations-changed' satisfies EventType
export const recommendationTopic = events[recommendationsChanged].topic

/** Returns the dead-letter topic of a topic. */
export const deadLetterTopic = (topic: string) => `${topic}.dlq`

const changes = { 'orders.order-placed': 'placed', 'orders.order-confirmed': 'confirmed', 'orders.order-cancelled': 'cancelled' } as const
type HandledType = keyof typeof changes

export const handledTypes = Object.keys(changes)

export const isHandled = (type: string): type is HandledType => type in changes

/** What an event says of its order. Events of older releases have no items. */
export interface OrderEvent {
  readonly orderId: string
  readonly change: (typeof changes)[HandledType]
  readonly skus: readonly string[] | undefined
}

/**
 * Reads the members that the effect needs.
 * @throws {Error} The data has not the form of its type or has a newer version. The message repeats no value of the event.
 */
export function readOrderEvent(type: HandledType, version: number, json: Buffer): OrderEvent {
  const { version: known } = events[type]
  if (version > known) throw new Error(`version ${version} of ${type} is not known here, only ${known}`)
  const data = parse(json)
  const items = data?.items ?? undefined
  if (items === undefined ? changes[type] === 'placed' : !Array.isArray(items)) throw new Error('items is not a list')
  const skus = items && [...new Set(items.map((item) => readSku(item?.sku)))].sort()
  return { orderId: parseUuid(String(data?.orderId)), change: changes[type], skus }
}

/** Nothing is known of the data yet. */
type Unchecked = { orderId?: unknown; items?: ({ sku?: unknown } | null)[] | null } | null

function parse(json: Buffer): Unchecked {
  try {
    return JSON.parse(json.toString()) as Unchecked
  } catch (error) {
    throw new Error('the data is not valid JSON', { cause: error })
  }
}
