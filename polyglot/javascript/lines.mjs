/**
 * Reads keys in the JSON form of vectors/forge-id.json. For the tests and for run.mjs; not part of the package.
 */
import { Forge, ForgeError, Record, Value } from './forge-id.mjs'

const own = (object, name) => (Object.hasOwn(object, name) ? object[name] : undefined)

/** JSON -> what the library takes. Anything unexpected is left to the library to refuse. */
export function parseKey(node, depth = 1) {
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

export function parseEntity(item) {
  const [algorithm, secret] = [own(item, 'algorithm'), own(item, 'secret')]
  if (secret !== undefined && secret !== null && typeof secret !== 'string') {
    throw new ForgeError('secret', undefined, 'Configuration', 'is not text')
  }
  // Absent is refused here, although the library has a default.
  if (typeof algorithm !== 'string') throw new ForgeError('algorithm', undefined, 'Configuration', 'is not text')
  return new Forge(own(item, 'domain')).entity(own(item, 'entity'), { algorithm, secret })
}

/** Returns the ID of a line, or "error: " and the message of the refusal. */
export function derive(line) {
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
