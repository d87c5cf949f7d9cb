/** Runs the vectors that every implementation of Forge reproduces. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { ForgeError, canonical, parseUuid, v5, v8Sha256 } from '../forge-id.mjs'
import { parseEntity, parseKey } from '../lines.mjs'

const read = (file) => JSON.parse(readFileSync(new URL(`../../../vectors/${file}`, import.meta.url), 'utf8'))
const ids = read('forge-id.json')

/** An rfc9562.json name: text, {repeat, count}, {hex}, or a list of those. */
function nameBytes(part) {
  if (Array.isArray(part)) return Buffer.concat(part.map(nameBytes))
  if (typeof part === 'string') {
    if (/[\ud800-\udfff]/u.test(part)) throw new ForgeError('name', undefined, 'LoneSurrogate', 'is not valid Unicode')
    return Buffer.from(part, 'utf8')
  }
  return 'hex' in part ? Buffer.from(part.hex, 'hex') : Buffer.concat(Array(part.count).fill(nameBytes(part.repeat)))
}


function problem(check, item) {
  try {
    const got = check(item)
    if ('error' in item) return 'must be refused'
    return Object.keys(got).filter((member) => member in item && got[member] !== item[member]).map((member) => `wrong ${member}`).join(', ')
  } catch (error) {
    return error instanceof ForgeError && 'error' in item ? '' : String(error)
  }
}

function run(items, check) {
  assert.notEqual(items.length, 0)
  const problems = items.map((item, index) => [item.id ?? index, problem(check, item)]).filter(([, what]) => what)
  assert.deepEqual(problems, [])
}

test(`canonical text of ${ids.kinds.length} values`, () => run(ids.kinds, (item) => ({ canonical: canonical(item.kind, item.input) })))

test(`namespace, name and ID of ${ids.ids.length} keys`, () =>
  run(ids.ids, (item) => {
    const [entity, key] = [parseEntity(item), parseKey(item.key)]
    return { namespace: entity.namespace, name: entity.nameOf(key), uuid: entity.id(key) }
  }))

test('UUIDs of RFC 9562', () =>
  run(read('rfc9562.json'), (item) => {
    const derive = { 'uuidv5-sha1': v5, 'uuidv8-sha256': v8Sha256 }[item.algorithm]
    return { uuid: derive(parseUuid(item.namespace), nameBytes(item.name)) }
  }))
