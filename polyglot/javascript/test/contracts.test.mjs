/** Values and messages mean here what they mean in .NET. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Forge, sku } from '../forge-id.mjs'
import {
  ContractError, events, readEnvelope, readInstant, readMicroseconds, readMoney, readQuantity, readSku, writeEnvelope, writeMoney,
} from '../contracts/index.mjs'

const read = (file) => JSON.parse(readFileSync(new URL(`../../../vectors/${file}`, import.meta.url), 'utf8'))
const [values, messages] = [read('values.json'), read('events.json')]
const forge = new Forge('forgeshop.example')
const eventIds = forge.entity('events')

function each(vectors, input, check) {
  assert.notEqual(vectors.length, 0)
  for (const vector of vectors) {
    const value = input(vector)
    if (vector.error) assert.throws(() => check(value, vector), ContractError, JSON.stringify(vector))
    else assert.doesNotThrow(() => check(value, vector), JSON.stringify(vector))
  }
}

const json = (vector) => JSON.parse(vector.json)
const floorToMilliseconds = (microseconds) => Number(BigInt.asIntN(64, (microseconds - (((microseconds % 1000n) + 1000n) % 1000n)) / 1000n))

test('money is read and written exactly', () =>
  each(values.money, json, (value, vector) => {
    const money = readMoney(value)
    assert.deepEqual(money, { minorUnits: BigInt(vector.minorUnits), currency: vector.currency })
    assert.equal(JSON.stringify(writeMoney(money)), vector.written)
  }))

test('a price times a quantity is exact', () => {
  for (const { unitPrice, currency, quantity, total } of values.lineTotals) {
    const price = readMoney({ amount: unitPrice, currency })
    assert.equal(writeMoney({ minorUnits: price.minorUnits * BigInt(quantity), currency }).amount, total)
  }
})

test('instants are the same instants', () =>
  each(values.instants, (vector) => vector.text, (value, vector) => {
    assert.equal(String(readMicroseconds(value)), vector.epochMicroseconds)
    assert.equal(readInstant(value).getTime(), floorToMilliseconds(BigInt(vector.epochMicroseconds)))
  }))

test('quantities are whole numbers of 32 bits', () =>
  each(values.quantities, json, (value, vector) => assert.equal(readQuantity(value), vector.quantity)))

test('SKUs have one form and one product', () =>
  each(values.skus, (vector) => vector.text, (value, vector) => {
    assert.equal(readSku(value), vector.sku)
    assert.equal(forge.entity('products').id(sku(readSku(value))), vector.productId)
  }))

const attributesOf = ({ sequence, time, correlationId = null, causationId = null, ...envelope }) => ({
  ...envelope, sequence: String(sequence), time: time === undefined ? null : String(time), correlationId, causationId,
})
const asBytes = (headers) => headers.map(([name, value]) => [name, new TextEncoder().encode(value)])

test('envelopes are read and written byte for byte', () => {
  for (const { headers, key, attributes, topic } of messages.events) {
    const envelope = readEnvelope(asBytes(headers), eventIds)
    assert.deepEqual(attributesOf(envelope), attributes)
    assert.equal(key, envelope.subject)
    assert.deepEqual(events[envelope.type], { topic, version: envelope.dataVersion })
    const written = new Map(headers)
    const sent = { ...envelope, time: written.get('ce_time'), traceParent: written.get('traceparent') }
    assert.deepEqual(writeEnvelope(sent, eventIds), headers)
  }
})

test('what only explains an event is dropped where it cannot be read', () => {
  for (const { change, headers, attributes } of messages.tolerated) {
    assert.deepEqual(attributesOf(readEnvelope(asBytes(headers), eventIds)), attributes, change)
  }
})

test('unreadable envelopes are refused', () => {
  for (const { change, headers } of messages.refused) assert.throws(() => readEnvelope(asBytes(headers), eventIds), ContractError, change)
})

const readers = {
  text: (value) => ({ text: value }),
  id: (value) => ({ id: value }),
  sku: (value) => ({ sku: readSku(value) }),
  quantity: (value) => ({ quantity: readQuantity(value) }),
  epochMicroseconds: (value) => ({ epochMicroseconds: String(readMicroseconds(value)) }),
  minorUnits: (value) => {
    const { minorUnits, currency } = readMoney(value)
    return { currency, minorUnits: String(minorUnits) }
  },
}

test('every value of every event means the same', () => {
  assert.deepEqual(new Set(messages.events.map((message) => message.type)), new Set(Object.keys(events)))
  for (const message of messages.events) {
    const body = JSON.parse(message.body)
    for (const [pointer, expected] of Object.entries(message.values)) {
      const value = pointer.split('/').slice(1).reduce((node, member) => node[member], body)
      assert.deepEqual(readers[Object.keys(expected).at(-1)](value), expected, `${message.type} ${pointer}`)
    }
  }
})
