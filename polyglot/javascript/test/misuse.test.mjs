/** A null or a value of the wrong type is refused with a ForgeError, never with a TypeError. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  Forge, ForgeError, Record, Value, bool, canonical, dec, email, int, parseUuid, sku, text, ts3, ts6, uuid, uuidToBytes,
  v5, v8HmacSha256, v8Sha256,
} from '../forge-id.mjs'

const forge = new Forge('forgeshop.example')
const users = forge.entity('users')
const calls = new Map([
  ...[email, sku, text, int, dec, bool, uuid, ts3, ts6].flatMap((make) =>
    [null, undefined, 1.5, {}, Symbol('a')].map((value) => [`${make.name}(${String(value)})`, () => users.id({ a: make(value) })])),
  ['a date that is none', () => users.id(ts3(new Date(NaN)))],
  ['unknown kind', () => users.id(new Value(Symbol('a'), 'a'))],
  ['key null', () => users.id(null)],
  ['key undefined', () => users.id()],
  ['key text', () => users.id('a')],
  ['field null', () => users.id({ a: null })],
  ['field text', () => users.id({ a: 'b' })],
  ['a hole in a list', () => users.id({ a: [, text('a')] })],
  ['new Record()', () => new Record()],
  ['new Record(null)', () => new Record(null)],
  ['new Record(5)', () => new Record(5)],
  ['new Record({})', () => new Record({})],
  ['Record of null', () => new Record([null])],
  ['Record of a single', () => new Record([['a']])],
  ['Record of text', () => new Record(['ab'])],
  ['field name null', () => users.id(new Record([[null, text('a')]]))],
  ['new Forge(null)', () => new Forge(null)],
  ['entity(null)', () => forge.entity(null)],
  ['entity() with options null', () => forge.entity(undefined, null)],
  ['algorithm null', () => forge.entity('users', { algorithm: null })],
  ['no secret', () => forge.entity('users', { algorithm: 'v8-hmac-sha256' })],
  ['secret number', () => forge.entity('users', { algorithm: 'v8-hmac-sha256', secret: 5 })],
  ['canonical()', () => canonical()],
  ['parseUuid(null)', () => parseUuid(null)],
  ['uuidToBytes(null)', () => uuidToBytes(null)],
  ['v5(null)', () => v5(null, 'a')],
  ['v5 of null', () => v5(users.namespace, null)],
  ['v8Sha256 of a number', () => v8Sha256(users.namespace, 5)],
  ['v8HmacSha256 without a secret', () => v8HmacSha256(users.namespace, 'a', null)],
])

for (const [name, call] of calls) {
  test(`misuse is refused: ${name}`, () => assert.throws(call, ForgeError))
}
