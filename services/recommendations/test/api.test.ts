import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { after, before, describe, it } from 'node:test'
import { generateKeyPair } from 'jose'
import { eventually, ids, missing, newOrder, newSkus, Shop } from './shop.js'

const path = '/api/v1/products/mug-forge/recommendations'

describe('the HTTP API', { skip: missing }, () => {
  let shop: Shop
  before(async () => {
    shop = await Shop.start()
  })
  after(async () => {
    assert.equal(await shop.stop(), 0)
  })

  const authorized = async (address: string, method = 'GET') => shop.get(address, { authorization: `Bearer ${await shop.token()}` }, method)

  it('product without common orders has no recommendations', async () => {
    const answer = await authorized(path)

    assert.equal(answer.status, 200)
    assert.deepEqual(await answer.json(), { productId: ids.product('MUG-FORGE'), sku: 'MUG-FORGE', products: [] })
    assert.match(answer.headers.get('traceparent') ?? '', /^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/)
    assert.equal(answer.headers.get('x-trace-id'), answer.headers.get('traceparent')?.slice(3, 35))
    assert.match(answer.headers.get('x-correlation-id') ?? '', /^[0-9a-f-]{36}$/)
  })

  it('trace and correlation of the gateway are continued', async () => {
    const [trace, correlation] = ['4bf92f3577b34da6a3ce929d0e0e4736', randomUUID()]

    const answer = await shop.get(path, { traceparent: `00-${trace}-00f067aa0ba902b7-01`, baggage: `correlation=${correlation}` })

    assert.equal(answer.headers.get('x-trace-id'), trace)
    assert.equal(answer.headers.get('x-correlation-id'), correlation)
    assert.equal(((await answer.json()) as { traceId: string }).traceId, trace)
  })

  it('limit shortens the list', async () => {
    const skus = newSkus(12)
    await shop.publish({ message: newOrder(...skus).confirmed })
    await eventually(async () => (await shop.recommendations(skus[0] ?? '')).length, 10)

    const answer = await authorized(`/api/v1/products/${skus[0] ?? ''}/recommendations?limit=3`)

    assert.equal(((await answer.json()) as { products: unknown[] }).products.length, 3)
    for (const limit of ['0', '11', 'x', '1.5'])
      await assertProblem(await authorized(`${path}?limit=${limit}`), 400, 'validation-failed', { limit: ['A list has 1 to 10 products.'] })
  })

  it('invalid SKU is refused', async () => {
    const form = 'A SKU has 1 to 64 characters: letters, digits and . _ ~ - (not in front).'
    for (const sku of ['-a', 'a%20b', '%C3%A4', 'a'.repeat(65)])
      await assertProblem(await authorized(`/api/v1/products/${sku}/recommendations`), 400, 'validation-failed', { sku: [form] })
  })

  it('HEAD answers as GET', async () => {
    const answer = await authorized(path, 'HEAD')
    assert.deepEqual([answer.status, await answer.text()], [200, ''])
  })

  it('unknown address is a problem', async () => {
    await assertProblem(await shop.get('/somewhere'), 404, 'not-found')
    await assertProblem(await shop.get('/api/v1/products/%/recommendations'), 400, 'bad-request')
  })

  it('tokens that are wrong in one way are refused', async () => {
    const { privateKey } = await generateKeyPair('ES256')
    const claims = Buffer.from(JSON.stringify({ iss: 'http://shop.example', aud: 'forgeshop', scope: 'recommendations:read', exp: 9e9 }))
    const refused: [string, string | undefined, string][] = [
      ['no token', undefined, 'unauthorized'],
      ['another scheme', 'Basic YTpi', 'unauthorized'],
      ['no JWT', 'Bearer abc', 'invalid-token'],
      ['two tokens', `${bearer(await shop.token())} ${await shop.token()}`, 'invalid-token'],
      ['a very long one', bearer('A'.repeat(8000)), 'invalid-token'],
      ['not base64', bearer('a.b.c'), 'invalid-token'],
      ['a signature cut short', bearer((await shop.token()).slice(0, -2)), 'invalid-token'],
      ['expired', bearer(await shop.token((token) => token.setExpirationTime('-1m'))), 'token-expired'],
      ['another issuer', bearer(await shop.token((token) => token.setIssuer('http://other.example'))), 'invalid-token'],
      ['another audience', bearer(await shop.token((token) => token.setAudience('other'))), 'invalid-token'],
      ['an ID token', bearer(await shop.token(undefined, {}, undefined, 'JWT')), 'invalid-token'],
      ['another key', bearer(await shop.token(undefined, {}, privateKey)), 'invalid-token'],
      [
        'not signed',
        bearer(`${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.${claims.toString('base64url')}.`),
        'invalid-token',
      ],
    ]
    for (const [name, authorization, code] of refused) {
      const answer = await shop.get(path, authorization === undefined ? {} : { authorization })
      assert.match(answer.headers.get('www-authenticate') ?? '', /^Bearer/, name)
      await assertProblem(answer, 401, code)
    }
  })

  it('token without the permission is refused', async () => {
    const answer = await shop.get(path, { authorization: bearer(await shop.token(undefined, { scope: 'orders:self' })) })
    await assertProblem(answer, 403, 'forbidden')
    await assertProblem(await authorized('/operations/outbox/replay?since=2026-01-01T00:00:00Z', 'POST'), 403, 'forbidden')
  })

  it('health names the checks', async () => {
    await eventually(async () => (await (await shop.get('/health')).json()) as unknown, {
      status: 'Healthy',
      checks: { self: 'Healthy', database: 'Healthy', messaging: 'Healthy' },
    })
    assert.equal((await shop.get('/alive')).status, 200)
  })

  it('logs are JSON with the fields of the other services', () => {
    assert.equal(shop.ready.service, 'recommendations')
    assert.equal(shop.ready.level, 'info')
    assert.match(String(shop.ready.time), /^\d{4}-.*Z$/)
  })

  it('audit protocol describes the collections and lists their entries in pages', async () => {
    const skus = newSkus(2)
    const order = newOrder(...skus)
    await shop.publish({ message: order.confirmed })
    await eventually(async () => (await shop.recommendations(skus[0] ?? '')).length, 1)
    const authorization = bearer(await shop.token(undefined, { scope: 'internal:audit' }))
    const ask = async (address: string) => (await shop.get(`/internal/audit${address}`, { authorization })).json() as Promise<Answer>
    const lookUp = async (collection: string, action: string, body: unknown) =>
      fetch(`${shop.address}/internal/audit/${collection}/${action}`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })

    const catalogue = await ask('')
    assert.deepEqual(
      catalogue.collections?.map((collection) => collection.name),
      ['products', 'outbox', 'inbox'],
    )
    assert.equal(catalogue.collections[2]?.groups?.length, 3)
    const first = await ask('/products?limit=1')
    const second = await ask(`/products?limit=1&after=${first.next ?? ''}`)
    assert.equal(first.items?.length, 1)
    assert.ok((first.items[0]?.id ?? '') < (second.items?.[0]?.id ?? ''))
    const ids_ = skus.map((sku) => ids.product(sku))
    const found = (await (await lookUp('products', 'lookup', { ids: [...ids_, randomUUID()] })).json()) as Answer
    assert.deepEqual(new Map(found.items?.map((item) => [item.id, item.key?.key])), new Map(ids_.map((id, index) => [id, skus[index]])))
    const inbox = (await (await lookUp('inbox', 'lookup', { ids: [ids.event(order.order, order.confirmed.type, 2n)] })).json()) as Answer
    assert.equal(inbox.items?.length, 1)

    const event = ids.event(ids_[0] ?? '', 'recommendations.recommendations-changed', 1n)
    await shop.find('recommendation.events', (received) => received.header('ce_id') === event)
    await eventually(async () => ((await (await lookUp('outbox', 'repair', { ids: [event] })).json()) as Answer).items?.length, 1)
    await assertProblem(await lookUp('products', 'repair', { ids: [] }), 422, 'not-repairable')
    await assertProblem(await lookUp('products', 'lookup', { ids: ['x'] }), 400, 'validation-failed')
    await assertProblem(await lookUp('nothing', 'lookup', { ids: [] }), 404, 'collection-not-found')
    await assertProblem(await shop.get('/internal/audit/products?after=x', { authorization }), 400, 'validation-failed')
    await assertProblem(await authorized('/internal/audit'), 403, 'forbidden')
  })

  it('answers follow the OpenAPI document', async () => {
    const document = JSON.parse(await readFile(new URL('../../openapi.json', import.meta.url), 'utf8')) as OpenApi
    const { Recommendations, RecommendedProduct } = document.components.schemas
    const skus = newSkus(2)
    await shop.publish({ message: newOrder(...skus).confirmed })
    await eventually(async () => (await shop.recommendations(skus[0] ?? '')).length, 1)

    const answer = (await (await authorized(`/api/v1/products/${skus[0] ?? ''}/recommendations`)).json()) as { products: object[] }

    assert.deepEqual(Object.keys(answer), Recommendations?.required)
    assert.deepEqual(Object.keys(answer.products[0] ?? {}).sort(), RecommendedProduct?.required.sort())
    assert.deepEqual(document.paths['/api/v1/products/{sku}/recommendations']?.get.security, [{ bearer: ['recommendations:read'] }])
  })
})

interface Answer {
  collections?: { name: string; groups?: string[] }[]
  items?: { id: string; key?: { key: string } }[]
  next?: string | null
}

interface OpenApi {
  paths: Record<string, { get: { security: unknown } }>
  components: { schemas: Record<string, { required: string[] }> }
}

const bearer = (token: string) => `Bearer ${token}`

async function assertProblem(answer: Response, status: number, code: string, errors?: Record<string, string[]>): Promise<void> {
  assert.equal(answer.headers.get('content-type'), 'application/problem+json')
  const problem = (await answer.json()) as Record<string, unknown>
  assert.deepEqual([answer.status, problem.status, problem.code], [status, status, code])
  assert.equal(problem.type, `https://forgeshop.example/problems/${code}`)
  assert.equal(problem.traceId, answer.headers.get('x-trace-id'))
  if (errors) assert.deepEqual(problem.errors, errors)
}
