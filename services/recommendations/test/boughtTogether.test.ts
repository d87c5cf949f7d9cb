import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { murmur2Partition } from './murmur2.js'
import { eventually, headersOf, ids, missing, newOrder, newSkus, Shop } from './shop.js'

describe('products that are bought together', { skip: missing }, () => {
  let shop: Shop
  before(async () => {
    shop = await Shop.start()
  })
  after(async () => {
    assert.equal(await shop.stop(), 0)
  })

  it('confirmed order counts every pair of its products', async () => {
    const [first, second, third] = newSkus(3) as [string, string, string]
    const [three, two] = [newOrder(first, second, third), newOrder(first, third)]

    await shop.publish(...[three.placed, three.confirmed, two.placed, two.confirmed].map((message) => ({ message })))

    await eventually(() => shop.recommendations(first), [`${third} 2`, `${second} 1`])
    await eventually(() => shop.recommendations(second), inOrderOfIds([`${first} 1`, `${third} 1`]))
  })

  it('order that is only placed does not count', async () => {
    const [first, second] = newSkus(2) as [string, string]
    const [placed, other] = [newOrder(first, second), newOrder(first, second)]

    await shop.publish({ message: placed.placed }, { message: other.placed }, { message: other.confirmed })

    await eventually(() => shop.recommendations(first), [`${second} 1`])
  })

  it('cancelled order is taken out again', async () => {
    const [first, second] = newSkus(2) as [string, string]
    const order = newOrder(first, second)
    await shop.publish({ message: order.confirmed })
    await eventually(() => shop.recommendations(first), [`${second} 1`])

    await shop.publish({ message: order.cancelled })

    await eventually(() => shop.recommendations(first), [])
  })

  it('events in any order have the same effect', async () => {
    const [first, second] = newSkus(2) as [string, string]
    const [late, cancelled, kept] = [newOrder(first, second), newOrder(first, second), newOrder(first, second)]

    for (const message of [late.confirmedOfOldRelease, cancelled.cancelled, kept.confirmed, cancelled.confirmed, late.placed, kept.placed])
      await shop.publish({ message })

    await eventually(() => shop.recommendations(first), [`${second} 2`])
  })

  it('event that arrives again has no second effect', async () => {
    const [first, second] = newSkus(2) as [string, string]
    const [order, last] = [newOrder(first, second), newOrder(first, second)]
    const copies = [order.placed, order.confirmed, order.placed, order.confirmed, order.confirmed].map((message) => ({ message }))

    await shop.publish(...copies)
    await shop.publish(...copies, { message: last.confirmed })

    await eventually(() => shop.recommendations(first), [`${second} 2`])
    assert.equal(await count(`SELECT count(*)::int AS n FROM inbox WHERE event_id = '${idOf(order.confirmed)}'`), 1)
  })

  it('change is published with a derived ID, the cause, the correlation and the trace of the order', async () => {
    const [first, second] = newSkus(2) as [string, string]
    const order = newOrder(first, second)
    const [trace, correlation] = ['4bf92f3577b34da6a3ce929d0e0e4736', ids.correlation('a', 'b', order.order)]
    const headers = { traceparent: `00-${trace}-00f067aa0ba902b7-01`, tracestate: 'shop=1', ce_correlationid: correlation }

    await shop.publish({ message: order.confirmed, headers })

    const product = ids.product(first)
    const event = await shop.find('recommendation.events', (received) => received.header('ce_subject') === product)
    assert.equal(event.message.key?.toString(), product)
    assert.equal(event.partition, murmur2Partition(product, 6))
    assert.equal(event.header('ce_id'), ids.event(product, 'recommendations.recommendations-changed', 1n))
    assert.equal(event.header('ce_type'), 'recommendations.recommendations-changed')
    assert.equal(event.header('ce_source'), '/recommendations')
    assert.equal(event.header('ce_sequence'), '1')
    assert.equal(event.header('ce_dataversion'), '1')
    assert.equal(event.header('ce_specversion'), '1.0')
    assert.equal(event.header('content-type'), 'application/json')
    assert.match(event.header('ce_time') ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$/)
    assert.equal(event.header('ce_causationid'), idOf(order.confirmed))
    assert.equal(event.header('ce_correlationid'), correlation)
    assert.match(event.header('traceparent') ?? '', new RegExp(`^00-${trace}-[0-9a-f]{16}-01$`))
    assert.notEqual(event.header('traceparent'), headers.traceparent)
    assert.equal(event.header('tracestate'), 'shop=1')
    const { changedAt, ...rest } = event.data
    assert.match(String(changedAt), /Z$/)
    assert.deepEqual(rest, { productId: product, sku: first, products: [{ productId: ids.product(second), sku: second, orders: 1 }] })
  })

  it('replay publishes the events again under their IDs', async () => {
    const [first, second] = newSkus(2) as [string, string]
    await shop.publish({ message: newOrder(first, second).confirmed })
    const unpublished = () => count('SELECT count(*)::int AS n FROM outbox WHERE published_at IS NULL')
    await shop.find('recommendation.events', (received) => received.header('ce_subject') === ids.product(first))
    await eventually(unpublished, 0)
    const published = await count('SELECT count(*)::int AS n FROM outbox')

    const token = await shop.token(undefined, { scope: 'messaging:write' })
    const path = `/operations/outbox/replay?since=${encodeURIComponent('2020-01-01T00:00:00.0000000+00:00')}`
    const answer = await shop.get(path, { authorization: `Bearer ${token}` }, 'POST')

    assert.deepEqual([answer.status, await answer.json()], [200, { events: published }])
    await eventually(unpublished, 0)
  })

  it('unreadable message is dead-lettered, and its partition goes on', async () => {
    const [first, second] = newSkus(2) as [string, string]
    const order = newOrder(first, second)
    const bad = newOrder(first, second)
    const wrongId = { ...headersOf(bad.confirmed), ce_id: ids.event(bad.order, bad.confirmed.type, 9n) }

    await shop.publishRaw(order.order, JSON.stringify(bad.confirmed.data), wrongId)
    await shop.publishRaw(order.order, '{"orderId":', headersOf(bad.placed))
    await shop.publishRaw(order.order, JSON.stringify(bad.confirmed.data), { ...headersOf(bad.confirmed), ce_dataversion: '2' })
    await shop.publish({ message: order.confirmed })

    await eventually(() => shop.recommendations(first), [`${second} 1`])
    const isOf = (id: unknown, reason: string) =>
      shop.find('order.events.dlq', (letter) => letter.header('ce_id') === id && (letter.header('dlq_error') ?? '').includes(reason))
    const letter = await isOf(wrongId.ce_id, 'ce_id is not derived from ce_subject, ce_type and ce_sequence')
    await isOf(headersOf(bad.placed).ce_id, 'the data is not valid JSON')
    await isOf(idOf(bad.confirmed), 'version 2 of orders.order-confirmed is not known here, only 1')
    assert.equal(letter.message.key?.toString(), order.order)
    assert.equal(letter.message.value?.toString(), JSON.stringify(bad.confirmed.data))
    assert.equal(letter.header('ce_type'), bad.confirmed.type)
    assert.equal(letter.header('dlq_topic'), 'order.events')
    assert.equal(letter.header('dlq_group'), 'recommendations')
    assert.equal(letter.header('dlq_attempts'), '1')
    assert.match(letter.header('dlq_partition') ?? '', /^\d+$/)
    assert.match(letter.header('dlq_offset') ?? '', /^\d+$/)
    assert.match(letter.header('dlq_time') ?? '', /^\d{4}-.*Z$/)
    assert.ok(letter.header('dlq_error_type'))
  })

  it('what only explains an event may be unreadable', async () => {
    const [first, second] = newSkus(2) as [string, string]
    const headers = {
      traceparent: 'no-trace',
      tracestate: '\u0007',
      ce_correlationid: 'none',
      ce_causationid: '',
      ce_time: 'soon',
      other: Buffer.of(0xff),
    }

    await shop.publish({ message: newOrder(first, second).confirmed, headers })

    await eventually(() => shop.recommendations(first), [`${second} 1`])
  })

  it('tombstones, unknown types, foreign messages and copies for other groups are skipped', async () => {
    const [first, second] = newSkus(2) as [string, string]
    const [order, other] = [newOrder(first, second), newOrder(first, second)]

    await shop.publishRaw(order.order, null, headersOf(order.placed))
    await shop.publishRaw(order.order, '{}', { ...headersOf(order.placed), ce_type: 'orders.order-gift-wrapped' })
    await shop.publishRaw(order.order, 'hello', {})
    await shop.publish({ message: other.confirmed, headers: { dlq_group: 'reporting' } })
    await shop.publish({ message: order.confirmed })

    await eventually(() => shop.recommendations(first), [`${second} 1`])
  })

  it('store fault delays the events and dead-letters none of them', async () => {
    const [first, second] = newSkus(2) as [string, string]
    const order = newOrder(first, second)
    await shop.database.query('ALTER TABLE inbox RENAME TO inbox_away')
    try {
      await shop.publish({ message: order.confirmed })
      await eventually(async () => {
        const answer = (await (await shop.get('/health')).json()) as { checks: { messaging: string } }
        return answer.checks.messaging
      }, 'Degraded')
    } finally {
      await shop.database.query('ALTER TABLE inbox_away RENAME TO inbox')
    }

    await eventually(() => shop.recommendations(first), [`${second} 1`])
    assert.equal(await count(`SELECT count(*)::int AS n FROM inbox WHERE event_id = '${idOf(order.confirmed)}'`), 1)
  })

  const idOf = (message: { order: string; type: string; sequence: number }) =>
    ids.event(message.order, message.type, BigInt(message.sequence))

  async function count(sql: string): Promise<number> {
    const { rows } = await shop.database.query<{ n: number }>(sql)
    return rows[0]?.n ?? -1
  }
})

/** Equally frequent products are listed in the order of their IDs. */
function inOrderOfIds(lines: string[]): string[] {
  const id = (line: string) => ids.product(line.split(' ')[0] ?? '')
  return lines.sort((left, right) => (id(left) < id(right) ? -1 : 1))
}
