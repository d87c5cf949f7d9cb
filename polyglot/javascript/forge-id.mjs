/**
 * Forge ID, version 1 ("forge:1"): the same 16 bytes for the same thing, in every language.
 *
 * One ES module for browsers and Node, synchronous, without dependencies: the package @forgeshop/forge-id.
 *
 *     import { Forge, email, text, uuid } from '@forgeshop/forge-id'
 *
 *     const forge = new Forge('forgeshop.example')
 *     const userId = forge.entity('users').id(email('Ada@Example.COM'))
 *     const orderId = forge.entity('orders').id({ user: uuid(userId), reference: text('r-1') })
 *
 * domain -> namespace of the entity type -> key -> name -> ID; the file reads in the order
 * value, record, name, ID, hashes.
 *
 * All rules follow one principle: a step that rewrites a key (trimming, changing case) touches
 * ASCII only, so that it is the same in every language; whatever else could make two equal-looking keys
 * differ is refused with an error and never repaired. That is why trim(), toLowerCase() on unchecked text,
 * normalize() and Date are not used below: each of them gives another answer in another language.
 *
 * A refusal is a ForgeError. It names the field, the kind, the reason and the refused code point, but
 * never the value: a key may be personal data, and error messages end up in logs. The reasons are the
 * same words in every language, and so is which one of several mistakes is named: the first.
 */

const MAX_DEPTH = 8 // of a record; the outer record is level 1
const MIN_SECRET_BYTES = 16
const DNS_NAMESPACE = '6ba7b810-9dad-11d1-80b4-00c04fd430c8' // RFC 9562, section 6.6

/**
 * A refusal; `where` is the field or the argument, `codePoint` the refused character, if there is one.
 * `reason` is a stable word: Missing, Empty, TooLong, Character, Edge, LoneSurrogate, Form, TooManyDigits,
 * Range, TooPrecise, FieldName, DuplicateField, NoFields, TooDeep, WrongKind or WrongShape; Configuration
 * where not a key but the domain, entity type, algorithm or secret is refused. `detail` is for people.
 */
export class ForgeError extends Error {
  constructor(where, kind, reason, detail, codePoint) {
    super(kind ? `${where} (${kind}): ${reason}: ${detail}` : `${where}: ${reason}: ${detail}`)
    this.name = 'ForgeError'
    Object.assign(this, { where, kind, reason, detail, codePoint })
  }
}

function refuse(where, kind, reason, detail) {
  throw new ForgeError(where, kind, reason, detail)
}

function misconfigured(where, detail) {
  refuse(where, undefined, 'Configuration', detail)
}

/** Throws with a detail such as "U+00E9 is not allowed there". */
function blame(where, kind, codePoint, reason = 'Character', detail = 'U+ is not allowed there') {
  if (reason === 'Character' && codePoint >= 0xd800 && codePoint <= 0xdfff) reason = 'LoneSurrogate'
  const name = 'U+' + codePoint.toString(16).toUpperCase().padStart(4, '0')
  throw new ForgeError(where, kind, reason, detail.replace('U+', name), codePoint)
}

/**
 * Refuses the first character that `disallowed` matches. Every such pattern has the flag u: without it a
 * regular expression sees the two halves of a character such as U+1F600; with it, a half that stands
 * alone (a lone surrogate) is seen as U+D800-U+DFFF.
 */
function allow(where, kind, disallowed, value, reason, detail) {
  const bad = disallowed.exec(value)
  if (bad) blame(where, kind, bad[0].codePointAt(0), reason, detail)
}

/** For a value whose first `at` units could begin a valid one: refuses the next character, or the early end. */
function stop(where, kind, value, at, detail) {
  if (at < value.length) blame(where, kind, value.codePointAt(at))
  refuse(where, kind, 'Form', detail)
}

/** TextEncoder writes U+FFFD for a lone surrogate: not its bytes, but as many. */
const bytesOf = (value) => new TextEncoder().encode(value).length

/** Checked before the characters of a value, so that every language reports the same one of two errors. */
function limit(where, kind, value, most) {
  if (bytesOf(value) > most) refuse(where, kind, 'TooLong', `is longer than ${most} bytes`)
}

// --- Values: what a caller writes ------------------------------------------------------------------

/** One typed value. `text` is a string; the functions below also take native values that convert exactly. */
export class Value {
  #text // private, so that a value does not end up in a log by console.log or JSON.stringify
  constructor(kind, text) {
    this.kind = kind
    this.#text = text
    Object.freeze(this)
  }
  get text() {
    return this.#text
  }
  // Not instanceof, which is also true of { __proto__: value }: an object that looks empty.
  static is(node) {
    return typeof node === 'object' && node !== null && #text in node
  }
}

/** A record as [name, value] pairs. A plain object does as well; with pairs a duplicate is detected and refused. */
export class Record {
  #fields
  constructor(fields) {
    const isList = typeof fields === 'object' && fields !== null && typeof fields[Symbol.iterator] === 'function'
    this.#fields = isList ? Array.from(fields) : [null]
    if (this.#fields.some((pair) => !Array.isArray(pair) || pair.length !== 2)) {
      refuse('record', undefined, 'WrongShape', 'is not [name, value] pairs')
    }
  }
  get fields() {
    return this.#fields
  }
  static is(node) {
    return typeof node === 'object' && node !== null && #fields in node
  }
}

export const email = (value) => new Value('email', value)
export const sku = (value) => new Value('sku', value)
export const text = (value) => new Value('text', value)
export const dec = (value) => new Value('dec', value) // text only: a number has lost digits already
export const uuid = (value) => new Value('uuid', value)
export const bool = (value) => new Value('bool', typeof value === 'boolean' ? String(value) : value)
export const ts3 = (value) => new Value('ts3', timestampText(value))
export const ts6 = (value) => new Value('ts6', timestampText(value))

/** A bigint, a number up to 2^53 - 1, or text. */
export const int = (value) =>
  new Value('int', typeof value === 'bigint' || Number.isSafeInteger(value) ? String(value) : value)

function timestampText(value) {
  return value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : value
}

// --- Canonical text: one text per value ------------------------------------------------------------

/** The canonical text of a value; `where` is for the error message only. */
export function canonical(kind, value, where = 'key') {
  if (value === undefined || value === null) refuse(where, undefined, 'Missing', 'is null')
  const rule = RULES.get(kind) // a Map: an object would also have the "kinds" constructor and __proto__
  if (!rule) refuse(where, undefined, 'WrongKind', 'has an unknown kind')
  if (typeof value !== 'string') refuse(where, kind, 'WrongKind', 'is neither text nor of a type that converts exactly')
  if (!(kind === 'email' || kind === 'sku' ? strip(value) : value)) refuse(where, kind, 'Empty', 'is empty')
  return rule(value, where, kind)
}

/** Removes U+0009-U+000D and U+0020 at both ends, and nothing else; trim() also takes U+FEFF or U+00A0. */
function strip(value) {
  const isSpace = (unit) => (unit >= 9 && unit <= 13) || unit === 32
  let start = 0
  let end = value.length
  while (start < end && isSpace(value.charCodeAt(start))) start++
  while (end > start && isSpace(value.charCodeAt(end - 1))) end--
  return value.slice(start, end)
}

// Matches the longest beginning of a valid value; the length of the match is the index of the wrong character.
const EMAIL = /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*$/
const EMAIL_BEGINNING = /^(?:[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+(?:@(?:[A-Za-z0-9-]+\.)*[A-Za-z0-9-]*)?)?/

function canonicalEmail(value, where, kind) {
  value = strip(value)
  limit(where, kind, value, 254)
  if (!EMAIL.test(value)) stop(where, kind, value, EMAIL_BEGINNING.exec(value)[0].length, 'is not of the form local@domain')
  return value.toLowerCase() // of ASCII, as checked above
}

function canonicalSku(value, where, kind) {
  value = strip(value)
  limit(where, kind, value, 64)
  allow(where, kind, /[^!-~]/u, value)
  return value.toUpperCase() // of ASCII, as checked above
}

// Invisible, or able to make one text look like another, or impossible in some language: controls,
// soft hyphen, zero-width and bidirectional marks, line separators, noncharacters, lone surrogates.
// Letters and accents are not changed: é in one and é in two code points are two keys.
const TEXT_REFUSED = new RegExp(
  '[\\x00-\\x1f\\x7f-\\x9f\\xad\\u180e\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u2069' +
    '\\ud800-\\udfff\\ufdd0-\\ufdef\\ufeff\\ufff9-\\ufffb' +
    Array.from({ length: 17 }, (_, plane) => `\\u{${plane.toString(16)}fffe}\\u{${plane.toString(16)}ffff}`).join('') +
    ']',
  'u',
)
const TEXT_SPACE = /[ \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/u

function canonicalText(value, where, kind) {
  limit(where, kind, value, 1024)
  allow(where, kind, TEXT_SPACE, value[0], 'Edge', 'must not start with U+')
  allow(where, kind, TEXT_REFUSED, value)
  allow(where, kind, TEXT_SPACE, value[value.length - 1], 'Edge', 'must not end with U+')
  return value
}

function canonicalInt(value, where, kind) {
  const digits = value.startsWith('-') ? value.slice(1) : value
  if (bytesOf(digits) > 38) refuse(where, kind, 'TooLong', 'has more than 38 digits')
  if (!digits || (digits[0] === '0' && value !== '0')) { // -0 would be a second name of 0
    refuse(where, kind, 'Form', 'is not a whole number without leading zeros')
  }
  allow(where, kind, /[^0-9]/u, digits)
  return value
}

function canonicalDec(value, where, kind) {
  const match = /^(-?)([0-9]+)(?:\.([0-9]+))?$/.exec(value)
  if (!match) {
    stop(where, kind, value, /^-?(?:[0-9]+(?:\.[0-9]*)?)?/.exec(value)[0].length, 'is not a decimal number such as -12.5')
  }
  const [, sign, digits, decimals = ''] = match
  const whole = digits.replace(/^0+/, '')
  let end = decimals.length // a loop and not /0+$/, which is slow on long runs of zeros
  while (end > 0 && decimals[end - 1] === '0') end--
  const fraction = decimals.slice(0, end)
  if (whole.length + fraction.length > 28) refuse(where, kind, 'TooManyDigits', 'has more than 28 digits')
  if (!whole && !fraction) return '0' // and so is -0
  return sign + (whole || '0') + (fraction && '.' + fraction)
}

function canonicalBool(value, where, kind) {
  if (value !== 'true' && value !== 'false') refuse(where, kind, 'Form', 'is neither true nor false')
  return value
}

function canonicalUuid(value, where, kind) {
  if (!/^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$/.test(value)) {
    refuse(where, kind, 'Form', 'is not a UUID of 36 characters')
  }
  return value.toLowerCase() // of ASCII, as checked above
}

/** Returns how many characters from `start` match `shape`, where 0 is any digit. */
function fits(value, start, shape) {
  let length = 0
  while (length < shape.length) {
    const unit = value[start + length] ?? ''
    if (shape[length] === '0' ? !/^[0-9]$/.test(unit) : unit !== shape[length]) break
    length++
  }
  return length
}

function canonicalTimestamp(value, where, kind) {
  const form = 'is not a time such as 2024-01-15T10:30:00Z'
  let end = fits(value, 0, '0000-00-00T00:00:00')
  if (end < 19) stop(where, kind, value, end, form)
  let fraction = ''
  if (value[end] === '.') {
    fraction = /^[0-9]*/.exec(value.slice(end + 1))[0]
    if (fraction.length < 1 || fraction.length > 9) refuse(where, kind, 'Form', form)
    end += 1 + fraction.length
  }

  const sign = value[end]
  let offset = 0
  if (sign === '+' || sign === '-') {
    const fit = fits(value, end + 1, '00:00')
    if (fit < 5) stop(where, kind, value, end + 1 + fit, form)
    const offsetMinutes = Number(value.slice(end + 4, end + 6))
    offset = Number(value.slice(end + 1, end + 3)) * 60 + offsetMinutes
    if (offsetMinutes > 59 || offset > 14 * 60) refuse(where, kind, 'Range', 'has an offset outside -14:00 to +14:00')
    if (sign === '-' && offset === 0) refuse(where, kind, 'Range', 'has the offset -00:00, which means unknown')
    end += 6
  } else if (sign === 'Z') {
    end++
  } else {
    stop(where, kind, value, end, form)
  }
  if (end < value.length) blame(where, kind, value.codePointAt(end))

  const digits = kind === 'ts3' ? 3 : 6
  if (/[1-9]/.test(fraction.slice(digits))) refuse(where, kind, 'TooPrecise', `is finer than ${digits} decimals`)

  let [year, month, day] = value.slice(0, 10).split('-').map(Number)
  const [hour, minute, second] = value.slice(11, 19).split(':').map(Number)
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) {
    refuse(where, kind, 'Range', 'has a date that does not exist')
  }
  if (hour > 23 || minute > 59 || second > 59) refuse(where, kind, 'Range', 'has a time of day that does not exist')
  let minutes = hour * 60 + minute - (sign === '-' ? -offset : offset) // of the day; subtracting the offset makes it UTC
  if (minutes < 0) {
    minutes += 1440
    if (--day === 0) {
      if (--month === 0) {
        month = 12
        year--
      }
      day = daysIn(year, month)
    }
  } else if (minutes >= 1440) {
    minutes -= 1440
    if (++day > daysIn(year, month)) {
      day = 1
      if (++month === 13) {
        month = 1
        year++
      }
    }
  }
  if (year < 1 || year > 9999) refuse(where, kind, 'Range', 'is outside the years 0001 to 9999 in UTC')

  const pad = (number, width) => String(number).padStart(width, '0')
  const time = `${pad(Math.floor(minutes / 60), 2)}:${pad(minutes % 60, 2)}:${pad(second, 2)}`
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}T${time}.${fraction.slice(0, digits).padEnd(digits, '0')}Z`
}

function daysIn(year, month) {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return [4, 6, 9, 11].includes(month) ? 30 : 31
}

const RULES = new Map([
  ['email', canonicalEmail],
  ['sku', canonicalSku],
  ['text', canonicalText],
  ['int', canonicalInt],
  ['dec', canonicalDec],
  ['bool', canonicalBool],
  ['uuid', canonicalUuid],
  ['ts3', canonicalTimestamp],
  ['ts6', canonicalTimestamp],
])

// --- Name: the text that is hashed -----------------------------------------------------------------

/** Plain form: the canonical text itself. Record form: RFC 8785 JSON in which every leaf is a string. */
function nameOf(entity, key) {
  if (Value.is(key)) return canonical(key.kind, key.text, 'key')
  if (Record.is(key) || isPlainObject(key)) return `["forge:1","${entity}",${render(key, '', 1)}]`
  if (key === undefined || key === null) refuse('key', undefined, 'Missing', 'is null')
  return refuse('key', undefined, 'WrongShape', 'is neither a value nor a record')
}

function render(node, path, depth) {
  const where = path ? `field ${path}` : 'key'
  if (Value.is(node)) {
    // The leaf contains the kind, so that services which disagree on a kind disagree on every ID.
    // Of the characters that JSON escapes, only these two can occur: every kind refuses controls.
    return `"${node.kind}:${canonical(node.kind, node.text, where).replace(/["\\]/g, '\\$&')}"`
  }
  if (node === undefined || node === null) refuse(where, undefined, 'Missing', 'is null')
  if (depth > MAX_DEPTH) refuse(where, undefined, 'TooDeep', `is nested deeper than ${MAX_DEPTH} levels`)
  // Array.from also visits the holes of a sparse array; map() would skip them.
  if (Array.isArray(node)) return `[${Array.from(node, (item, i) => render(item, `${path}[${i}]`, depth + 1)).join(',')}]`
  const isRecord = Record.is(node)
  if (!isRecord && !isPlainObject(node)) refuse(where, undefined, 'WrongShape', 'is not a value, a list or a record')

  const fields = []
  for (const [name, value] of isRecord ? node.fields : Object.entries(node)) {
    checkFieldName(name, where)
    fields.push({ name, rendered: render(value, path ? `${path}.${name}` : name, depth + 1) })
  }
  if (fields.length === 0) refuse(where, undefined, 'NoFields', 'must have at least one field')
  // Names are ASCII, so this order is the order of the bytes, and the same in every language.
  fields.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  const twice = fields.find(({ name }, i) => fields[i + 1]?.name === name)
  if (twice) refuse(`field ${path ? `${path}.` : ''}${twice.name}`, undefined, 'DuplicateField', 'appears twice')
  return `{${fields.map(({ name, rendered }) => `"${name}":${rendered}`).join(',')}}`
}

// An object with another prototype is an instance of a class, whose fields are unknown.
function isPlainObject(node) {
  if (typeof node !== 'object' || node === null) return false
  const prototype = Object.getPrototypeOf(node)
  return prototype === null || prototype === Object.prototype
}

function checkFieldName(name, where) {
  if (typeof name !== 'string') refuse(where, undefined, 'FieldName', 'has a field name that is not text')
  allow(where, undefined, /^[^a-z]|[^a-z0-9_]/u, name, 'FieldName', 'has a field name with U+')
  if (name.length < 1 || name.length > 64) {
    refuse(where, undefined, 'FieldName', 'has a field name that is not 1 to 64 characters long')
  }
}

// --- ID: from a domain to 16 bytes -----------------------------------------------------------------

/** All entity types of one domain, such as forgeshop.example. */
export class Forge {
  constructor(domain) {
    if (typeof domain !== 'string') misconfigured('domain', 'is not text')
    // Characters before length: the counted text is then ASCII, and all languages count alike.
    allow('domain', undefined, /[^A-Za-z0-9.-]|(?:^|\.)\./u, domain, 'Configuration')
    if (domain.length < 1 || domain.length > 253) misconfigured('domain', 'is not 1 to 253 characters long')
    if (domain.endsWith('.')) misconfigured('domain', 'ends with a dot')
    this.root = v5(DNS_NAMESPACE, domain.toLowerCase()) // of ASCII, as checked above
    Object.freeze(this)
  }

  /** One entity type. Which algorithm it uses is part of its declaration: never change it later. */
  entity(name, options) {
    const { algorithm = 'v5', secret } = options ?? {}
    return new Entity(this, name, algorithm, secret)
  }
}

/** One entity type: derives the IDs of its members. Immutable, so safe to keep and to share. */
class Entity {
  #secret
  constructor(forge, name, algorithm, secret) {
    if (!['v5', 'v8-sha256', 'v8-hmac-sha256'].includes(algorithm)) {
      misconfigured('algorithm', 'is not one of v5, v8-sha256, v8-hmac-sha256')
    }
    if (algorithm === 'v8-hmac-sha256') {
      this.#secret = secretBytes(secret)
    } else if (secret !== undefined && secret !== null) {
      // The caller of a secret expects IDs that cannot be guessed; these can.
      misconfigured('secret', 'is only used by v8-hmac-sha256')
    }
    if (typeof name !== 'string') misconfigured('entity', 'is not text')
    allow('entity', undefined, /^[^a-z]|[^a-z0-9_.-]/u, name, 'Configuration')
    if (name.length < 1 || name.length > 64) misconfigured('entity', 'is not 1 to 64 characters long')
    this.name = name
    this.algorithm = algorithm
    this.namespace = v5(forge.root, name)
    Object.freeze(this)
  }

  /** The ID, as text, of a Value (plain form) or of a plain object or Record (record form). */
  id(key) {
    const name = nameOf(this.name, key)
    if (this.algorithm === 'v5') return v5(this.namespace, name)
    if (this.algorithm === 'v8-sha256') return v8Sha256(this.namespace, name)
    return v8HmacSha256(this.namespace, name, this.#secret)
  }

  /** The text that id() hashes: for tests and for the analysis of differences. May be personal data. */
  nameOf(key) {
    return nameOf(this.name, key)
  }
}

/** The bytes of a secret, untrimmed. Fails closed: no secret, no ID. */
function secretBytes(secret) {
  if (secret === undefined || secret === null || secret === '') misconfigured('secret', 'is missing')
  const isBytes = secret instanceof Uint8Array
  if (!isBytes && typeof secret !== 'string') misconfigured('secret', 'is not text')
  // The error does not reveal which surrogate it is, because the value is secret.
  if (!isBytes && /[\ud800-\udfff]/u.test(secret)) misconfigured('secret', 'has a lone surrogate')
  const bytes = isBytes ? secret.slice() : new TextEncoder().encode(secret)
  if (bytes.length < MIN_SECRET_BYTES) misconfigured('secret', `is shorter than ${MIN_SECRET_BYTES} bytes`)
  return bytes
}

function utf8(value, where) {
  if (typeof value !== 'string') refuse(where, undefined, 'WrongKind', 'is neither text nor bytes')
  allow(where, undefined, /[\ud800-\udfff]/u, value) // TextEncoder would silently write U+FFFD for these
  return new TextEncoder().encode(value)
}

function message(namespace, name) {
  const space = uuidToBytes(namespace)
  const bytes = name instanceof Uint8Array ? name : utf8(name, 'name')
  const all = new Uint8Array(16 + bytes.length)
  all.set(space)
  all.set(bytes, 16)
  return all
}

function uuidFrom(digest, version) {
  const bytes = digest.slice(0, 16)
  bytes[6] = (bytes[6] & 0x0f) | (version << 4)
  bytes[8] = (bytes[8] & 0x3f) | 0x80 // the variant of RFC 9562
  return Array.from(bytes, (byte, i) => ([4, 6, 8, 10].includes(i) ? '-' : '') + byte.toString(16).padStart(2, '0')).join('')
}

/** UUIDv5, RFC 9562 section 5.5. The name is a string or bytes and is taken as it is. */
export function v5(namespace, name) {
  return uuidFrom(sha1(message(namespace, name)), 5)
}

/** UUIDv8 from SHA-256, RFC 9562 section 5.8 and appendix B.2. */
export function v8Sha256(namespace, name) {
  return uuidFrom(sha256(message(namespace, name)), 8)
}

/** UUIDv8 from HMAC-SHA-256: without the secret an ID cannot be derived, guessed or confirmed. */
export function v8HmacSha256(namespace, name, secret) {
  return uuidFrom(hmacSha256(secretBytes(secret), message(namespace, name)), 8)
}

/** Checks for exactly the 36-character form, either case; returns it in lower case. */
export function parseUuid(value) {
  return canonical('uuid', value, 'uuid')
}

/** The 16 bytes of a UUID in network order, as every store and every other language has them. */
export function uuidToBytes(value) {
  const hex = parseUuid(value).replaceAll('-', '')
  return Uint8Array.from({ length: 16 }, (_, i) => parseInt(hex.slice(2 * i, 2 * i + 2), 16))
}

// --- Hashes, FIPS 180-4 and RFC 2104 ---------------------------------------------------------------
// Written out because crypto.subtle is asynchronous and absent from pages without https, and node:crypto
// is absent from browsers. The names are public or short; nothing here has to be constant-time, except
// that the secret is only ever hashed.

const rotateLeft = (x, n) => (x << n) | (x >>> (32 - n))

/** Message, 0x80, zeros, and the length in bits: whole blocks of 64 bytes, read as 32-bit numbers. */
function blocks(bytes) {
  const padded = new Uint8Array(Math.ceil((bytes.length + 9) / 64) * 64)
  padded.set(bytes)
  padded[bytes.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setUint32(padded.length - 8, Math.floor(bytes.length / 0x20000000))
  view.setUint32(padded.length - 4, bytes.length << 3)
  return view
}

function toBytes(words) {
  const view = new DataView(new ArrayBuffer(words.length * 4))
  words.forEach((word, i) => view.setInt32(i * 4, word))
  return new Uint8Array(view.buffer)
}

function sha1(bytes) {
  const view = blocks(bytes)
  const w = new Int32Array(80)
  let [h0, h1, h2, h3, h4] = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0]
  for (let start = 0; start < view.byteLength; start += 64) {
    for (let i = 0; i < 16; i++) w[i] = view.getInt32(start + i * 4)
    for (let i = 16; i < 80; i++) w[i] = rotateLeft(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1)
    let [a, b, c, d, e] = [h0, h1, h2, h3, h4]
    for (let i = 0; i < 80; i++) {
      let f
      if (i < 20) f = ((b & c) | (~b & d)) + 0x5a827999
      else if (i < 40) f = (b ^ c ^ d) + 0x6ed9eba1
      else if (i < 60) f = ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc
      else f = (b ^ c ^ d) + 0xca62c1d6
      const next = (rotateLeft(a, 5) + f + e + w[i]) | 0
      e = d
      d = c
      c = rotateLeft(b, 30)
      b = a
      a = next
    }
    h0 = (h0 + a) | 0
    h1 = (h1 + b) | 0
    h2 = (h2 + c) | 0
    h3 = (h3 + d) | 0
    h4 = (h4 + e) | 0
  }
  return toBytes([h0, h1, h2, h3, h4])
}

// The constants of SHA-256: the first 32 bits of the fractional parts of the cube roots of the first 64 primes.
const K = Int32Array.of(
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
)

function sha256(bytes) {
  const view = blocks(bytes)
  const w = new Int32Array(64)
  const state = Int32Array.of(
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
  )
  for (let start = 0; start < view.byteLength; start += 64) {
    for (let i = 0; i < 16; i++) w[i] = view.getInt32(start + i * 4)
    for (let i = 16; i < 64; i++) {
      const s0 = rotateLeft(w[i - 15], 25) ^ rotateLeft(w[i - 15], 14) ^ (w[i - 15] >>> 3)
      const s1 = rotateLeft(w[i - 2], 15) ^ rotateLeft(w[i - 2], 13) ^ (w[i - 2] >>> 10)
      w[i] = w[i - 16] + s0 + w[i - 7] + s1
    }
    let [a, b, c, d, e, f, g, h] = state
    for (let i = 0; i < 64; i++) {
      const s1 = rotateLeft(e, 26) ^ rotateLeft(e, 21) ^ rotateLeft(e, 7)
      const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0
      const s0 = rotateLeft(a, 30) ^ rotateLeft(a, 19) ^ rotateLeft(a, 10)
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
      h = g
      g = f
      f = e
      e = (d + t1) | 0
      d = c
      c = b
      b = a
      a = (t1 + t2) | 0
    }
    ;[a, b, c, d, e, f, g, h].forEach((word, i) => (state[i] += word))
  }
  return toBytes(state)
}

function hmacSha256(secret, bytes) {
  const key = new Uint8Array(64)
  key.set(secret.length > 64 ? sha256(secret) : secret)
  const hashed = (pad, tail) => {
    const block = new Uint8Array(64 + tail.length)
    key.forEach((byte, i) => (block[i] = byte ^ pad))
    block.set(tail, 64)
    return sha256(block)
  }
  return hashed(0x5c, hashed(0x36, bytes))
}
