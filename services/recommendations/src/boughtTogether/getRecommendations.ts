import type { FastifyInstance } from 'fastify'
import { ContractError, readSku, type RecommendedProduct } from '@forgeshop/forge-id/contracts'
import { productId } from '../contracts.js'
import { pool } from '../data/database.js'
import { invalid } from '../http/problems.js'
import { allow } from '../http/tokens.js'
import { maxRecommended } from './countOrders.js'

/**
 * GET /api/v1/products/{sku}/recommendations?limit=. The product's ID is derived from the SKU, and no product service is asked: a product
 * that has not been ordered together with another one has no recommendations, whether it exists or not.
 */
export function mapGetRecommendations(server: FastifyInstance): void {
  type Route = { Params: { sku: string }; Querystring: { limit?: string } }
  server.get<Route>('/api/v1/products/:sku/recommendations', { onRequest: allow('recommendations:read') }, async ({ params, query }) => {
    const sku = skuOf(params.sku)
    const limit = Number(query.limit ?? maxRecommended)
    if (!Number.isInteger(limit) || limit < 1 || limit > maxRecommended)
      throw invalid('limit', `A list has 1 to ${maxRecommended} products.`)
    const id = productId(sku)
    const { rows } = await pool.query<{ recommended: RecommendedProduct[] }>('SELECT recommended FROM products WHERE id = $1', [id])
    return { productId: id, sku, products: (rows[0]?.recommended ?? []).slice(0, limit) }
  })
}

function skuOf(value: string): string {
  try {
    return readSku(value)
  } catch (error) {
    if (!(error instanceof ContractError)) throw error
    throw invalid('sku', 'A SKU has 1 to 64 characters: letters, digits and . _ ~ - (not in front).')
  }
}
