#!/usr/bin/env node
/**
 * Runs forge-id.mjs against vector files, or derives IDs from JSON lines. For Node; forge-id.mjs itself
 * also runs in browsers.
 *
 *     node run.mjs vectors FILE...    checks files shaped like forge-id.json or rfc9562.json
 *     node run.mjs derive [--why]     JSON lines on stdin, one uuid or "error" per line on stdout
 *                                     (with --why: "error: " and the message)
 *     node run.mjs misuse             calls that pass null or the wrong type: each must be a ForgeError
 */
import { readFileSync } from 'node:fs'
import {
  Forge, ForgeError, Record, Value, bool, canonical, dec, email, int, parseUuid, sku, text, ts3, ts6, uuid, uuidToBytes,
  v5, v8HmacSha256, v8Sha256,
} from './forge-id.mjs'

/** JSON -> what the library takes. Anything unexpected is left to the library to refuse. */
function parseKey(node, depth = 1) {
  // JSON may be nested deeper than this recursion could follow; the library refuses far less than this.
  if (depth > 100) throw new ForgeError('key', undefined, 'TooDeep', 'is nested deeper than 8 levels')
  if (Array.isArray(node)) return node.map((item) => parseKey(item, depth + 1))
  if (typeof node === 'object' && node !== null) {
    const isValue = Object.hasOwn(node, 'kind') || Object.hasOwn(node, 'value')
    const isRecord = Object.hasOwn(node, 'fields')
    if (isValue && !isRecord) return new Value(own(node, 'kind'), own(node, 'value'))
    if (isRecord && !isValue) {
      const { fields } = node
      if (!Array.isArray(fields) || fields.some((field) => !Array.isArray(field) || field.length !== 2)) {
        throw new ForgeError('key', undefined, 'WrongShape', 'has fields that are not [name, value] pairs')
      }
      return new Record(fields.map(([name, value]) => [name, parseKey(value, depth + 1)]))
    }
  }
  return null
}

const own = (object, name) => (Object.hasOwn(object, name) ? object[name] : undefined)

function parseEntity(item) {
  const [algorithm, secret] = [own(item, 'algorithm'), own(item, 'secret')]
  if (secret !== undefined && secret !== null && typeof secret !== 'string') {
    throw new ForgeError('secret', undefined, 'Configuration', 'is not text')
  }
  // Absent is refused here, although the library has a default.
  if (typeof algorithm !== 'string') throw new ForgeError('algorithm', undefined, 'Configuration', 'is not text')
  return new Forge(own(item, 'domain')).entity(own(item, 'entity'), { algorithm, secret })
}

function derive(line) {
  try {
    // fatal: invalid UTF-8 is an error, not U+FFFD; ignoreBOM: a U+FEFF stays, and is no JSON.
    const item = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(line))
    if (typeof item !== 'object' || item === null || Array.isArray(item)) {
      throw new ForgeError('line', undefined, 'WrongShape', 'is not a JSON object')
    }
    return parseEntity(item).id(parseKey(own(item, 'key')))
  } catch (error) {
    if (error instanceof ForgeError) return `error: ${error.message}`
    if (error instanceof SyntaxError || error.code === 'ERR_ENCODING_INVALID_ENCODED_DATA') {
      return 'error: line: Form: is not JSON'
    }
    throw error
  }
}

/** An rfc9562.json name: text, {repeat, count}, {hex}, or a list of those. */
function nameBytes(part) {
  if (Array.isArray(part)) return Buffer.concat(part.map(nameBytes))
  if (typeof part === 'string') {
    if (/[\ud800-\udfff]/u.test(part)) throw new ForgeError('name', undefined, 'LoneSurrogate', 'is not valid Unicode')
    return Buffer.from(part, 'utf8')
  }
  return 'hex' in part ? Buffer.from(part.hex, 'hex') : Buffer.concat(Array(part.count).fill(nameBytes(part.repeat)))
}

const checks = {
  kinds: (item) => ({ canonical: canonical(item.kind, item.input) }),
  ids: (item) => {
    const [entity, key] = [parseEntity(item), parseKey(item.key)]
    return { namespace: entity.namespace, name: entity.nameOf(key), uuid: entity.id(key) }
  },
  rfc: (item) => {
    const derive = new Map([['uuidv5-sha1', v5], ['uuidv8-sha256', v8Sha256]]).get(item.algorithm)
    return { uuid: derive(parseUuid(item.namespace), nameBytes(item.name)) }
  },
}

function vectors(files) {
  let [passed, failed] = [0, 0]
  for (const file of files) {
    const data = JSON.parse(readFileSync(file, 'utf8'))
    const items = Array.isArray(data)
      ? data.map((item) => ['rfc', item])
      : ['kinds', 'ids'].flatMap((what) => (data[what] ?? []).map((item) => [what, item]))
    if (items.length === 0) {
      console.log(`${file}: no vectors`)
      failed++
    }
    items.forEach(([what, item], number) => {
      let problem
      try {
        const got = checks[what](item)
        problem = 'error' in item
          ? 'must be refused'
          : Object.keys(got).filter((m) => m in item && got[m] !== item[m]).map((m) => `wrong ${m}`).join(', ')
      } catch (error) {
        problem = error instanceof ForgeError && 'error' in item ? '' : `refused: ${error.message}`
      }
      if (problem) {
        console.log(`${file}: ${what} ${item.id ?? number}: ${problem}`)
        failed++
      } else {
        passed++
      }
    })
  }
  console.log(`${passed} passed, ${failed} failed`)
  return failed ? 1 : 0
}

async function deriveAll(why) {
  const chunks = []
  for await (const chunk of process.stdin) chunks.push(chunk)
  const input = Buffer.concat(chunks)
  const results = []
  for (let start = 0; start < input.length; ) {
    const newline = input.indexOf(10, start) // bytes: the text of a line may be anything
    const end = newline < 0 ? input.length : newline
    const result = derive(input.subarray(start, end))
    results.push(why || !result.startsWith('error') ? result : 'error')
    start = end + 1
  }
  process.stdout.write(results.map((result) => result + '\n').join(''))
  return 0
}

function misuse() {
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
  let failed = 0
  for (const [name, call] of calls) {
    try {
      call()
      console.log(`${name}: was accepted`)
    } catch (error) {
      if (error instanceof ForgeError) continue
      console.log(`${name}: ${error}`)
    }
    failed++
  }
  console.log(`${calls.size - failed} passed, ${failed} failed`)
  return failed ? 1 : 0
}

const [mode, ...rest] = process.argv.slice(2)
if (mode === 'vectors' && rest.length > 0) {
  process.exitCode = vectors(rest)
} else if (mode === 'derive' && (rest.length === 0 || (rest.length === 1 && rest[0] === '--why'))) {
  process.exitCode = await deriveAll(rest.length === 1)
} else if (mode === 'misuse' && rest.length === 0) {
  process.exitCode = misuse()
} else {
  console.error('usage: node run.mjs vectors FILE...  |  node run.mjs derive [--why]  |  node run.mjs misuse')
  process.exitCode = 2
}
