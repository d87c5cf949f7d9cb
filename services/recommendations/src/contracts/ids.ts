import { Forge, ForgeError, int, parseUuid, sku, text, uuid, type Algorithm, type Entity } from '@forgeshop/forge-id'

/** The entity types of shared/Contracts/catalogue.json that this service derives. */
export class ShopIds {
  static readonly domain = 'forgeshop.example'

  readonly events: Entity
  readonly #products: Entity
  readonly #correlations: Entity

  /** A secret alone selects v8-hmac-sha256, as in every service. */
  constructor(settings: { algorithm?: string | undefined; secret?: string | undefined } = {}) {
    const algorithm = (settings.algorithm ?? (settings.secret === undefined ? 'v5' : 'v8-hmac-sha256')) as Algorithm
    const forge = new Forge(ShopIds.domain)
    const entity = (name: string) => forge.entity(name, { algorithm, secret: settings.secret })
    this.events = entity('events')
    this.#products = entity('products')
    this.#correlations = entity('correlations')
  }

  product(canonicalSku: string): string {
    return this.#products.id(sku(canonicalSku))
  }

  /** `sequence` counts an aggregate's events from 1. */
  event(aggregate: string, type: string, sequence: bigint): string {
    return this.events.id({ aggregate: uuid(aggregate), type: text(type), sequence: int(sequence) })
  }

  correlation(actor: string, action: string, reference: string): string {
    return this.#correlations.id({ actor: text(actor), action: text(action), reference: text(reference) })
  }
}

/** Returns a UUID in lower case; undefined if the value is none. */
export function uuidOf(value: unknown): string | undefined {
  try {
    return parseUuid(String(value))
  } catch (error) {
    if (error instanceof ForgeError) return undefined
    throw error
  }
}
