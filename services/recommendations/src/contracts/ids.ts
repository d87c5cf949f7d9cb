import { Forge, ForgeError, int, sku, text, uuid, type Algorithm, type Entity } from '@forgeshop/forge-id'

/** The entity types of shared/Contracts/catalogue.json that this service derives. */
export class ShopIds {
  static readonly domain = 'forgeshop.example'

  readonly #products: Entity
  readonly #events: Entity
  readonly #correlations: Entity

  /** A secret alone selects v8-hmac-sha256, as in every service. */
  constructor(settings: { algorithm?: string | undefined; secret?: string | undefined } = {}) {
    const algorithm = (settings.algorithm ?? (settings.secret === undefined ? 'v5' : 'v8-hmac-sha256')) as Algorithm
    const forge = new Forge(ShopIds.domain)
    const entity = (name: string) => forge.entity(name, { algorithm, secret: settings.secret })
    this.#products = entity('products')
    this.#events = entity('events')
    this.#correlations = entity('correlations')
  }

  product(canonicalSku: string): string {
    return this.#products.id(sku(canonicalSku))
  }

  /** `sequence` counts an aggregate's events from 1. */
  event(aggregate: string, type: string, sequence: bigint): string {
    return this.#events.id({ aggregate: uuid(aggregate), type: text(type), sequence: int(sequence) })
  }

  correlation(actor: string, action: string, reference: string): string {
    return this.#correlations.id({ actor: text(actor), action: text(action), reference: text(reference) })
  }

  /** Returns what `derive` returns; undefined if the key is refused. */
  static attempt(derive: () => string): string | undefined {
    try {
      return derive()
    } catch (error) {
      if (error instanceof ForgeError) return undefined
      throw error
    }
  }
}

/** Returns the canonical form of a SKU of the shop (shared/Contracts/Sku.cs); undefined if the text is not a SKU. */
export function canonicalSku(value: string): string | undefined {
  const raised = value.replace(/^[\t\n\v\f\r ]+|[\t\n\v\f\r ]+$/g, '').replace(/[a-z]/g, (letter) => letter.toUpperCase())
  return /^[A-Z0-9][A-Z0-9._~-]{0,63}$/.test(raised) ? raised : undefined
}
