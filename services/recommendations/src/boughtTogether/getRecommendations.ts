import type { FastifyInstance } from 'fastify'
import type { Pool } from 'pg'
import { ContractError, readSku } from '@forgeshop/forge-id/contracts'
import { inOrder, type RecommendedProduct } from '../contracts/events.js'
import type { ShopIds } from '../contracts/ids.js'
import { invalid } from '../http/problems.js'
import type { AccessTokens } from '../http/tokens.js'
import { maxRecommended } from './countOrders.js'

export const readPermission = 'recommendations:read'

const select = 'SELECT recommended FROM products WHERE id = $1'
const skuForm = 'A SKU has 1 to 64 characters: letters, digits and . _ ~ - (not in front).'

/**
 * GET /api/v1/products/{sku}/recommendations?limit=. The product's ID is derived from the SKU, and no product service is asked: a product
 * that has not been ordered together with another one has no recommendations, whether it exists or not.
 */
export function mapGetRecommendations(server: FastifyInstance, pool: Pool, ids: ShopIds, tokens: AccessTokens): void {
  server.get<{ Params: { sku: string }; Querystring: { limit?: string | string[] } }>(
    '/api/v1/products/:sku/recommendations',
    async (request) => {
      await tokens.require(request.headers.authorization, readPermission)
      const sku = skuOf(request.params.sku)
      const limit = Number(request.query.limit ?? maxRecommended)
      if (!Number.isInteger(limit) || limit < 1 || limit > maxRecommended)
        throw invalid('limit', `A list has 1 to ${maxRecommended} products.`)
      const productId = ids.product(sku)
      const { rows } = await pool.query<{ recommended: RecommendedProduct[] }>({
        name: 'recommendations',
        text: select,
        values: [productId],
      })
      return { productId, sku, products: (rows[0]?.recommended ?? []).slice(0, limit).map(inOrder) }
    },
  )
}

function skuOf(text: string): string {
  try {
    return readSku(text)
  } catch (error) {
    throw error instanceof ContractError ? invalid('sku', skuForm) : error
  }
}
