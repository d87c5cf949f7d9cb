/**
 * The values and the envelope of the shop's events: read exactly as .NET reads them. Checked by vectors/values.json and
 * vectors/events.json. No number is ever a floating-point amount: money is counted in the smallest unit of its currency.
 */
import { ForgeError, int, parseUuid, text as textValue, uuid } from '../forge-id.mjs'
import { currencyDecimals } from './events.mjs'

export * from './events.mjs'

/** A value or a message that breaks its contract. The message never repeats the value. */
export class ContractError extends Error {
  name = 'ContractError'
}

const refuse = (why) => {
  throw new ContractError(why)
}

/** The largest amount: 15 digits and the decimals of the currency. */
const MAX_DIGITS = 15

// --- Values ----------------------------------------------------------------------------------------

/** Reads {"amount": "12.50", "currency": "EUR"}. */
export function readMoney(value) {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse('money is not an object')
  const { amount, currency } = value
  if (typeof amount !== 'string') refuse('the amount is not a string of digits')
  const parts = /^([0-9]{1,15})(?:[.]([0-9]{1,4}))?$/.exec(amount)
  if (!parts) refuse('the amount is not a string of digits')
  if (typeof currency !== 'string' || !Object.hasOwn(currencyDecimals, currency)) refuse('the currency is unknown')
  const [, whole, fraction = ''] = parts
  const decimals = currencyDecimals[currency]
  if (/[1-9]/.test(fraction.slice(decimals))) refuse('the amount has more decimals than its currency')
  return { minorUnits: BigInt(whole + fraction.slice(0, decimals).padEnd(decimals, '0')), currency }
}

/** Writes an amount in the smallest unit of its currency in the form of the contract. */
export function writeMoney({ minorUnits, currency }) {
  if (typeof minorUnits !== 'bigint' || minorUnits < 0n) refuse('the amount is not a bigint of 0 or more')
  if (!Object.hasOwn(currencyDecimals, currency)) refuse('the currency is unknown')
  const decimals = currencyDecimals[currency]
  const digits = String(minorUnits).padStart(decimals + 1, '0')
  if (digits.length - decimals > MAX_DIGITS) refuse('the amount is too large')
  const whole = digits.slice(0, digits.length - decimals)
  return { amount: decimals ? `${whole}.${digits.slice(-decimals)}` : whole, currency }
}

const FIRST_SECOND = -62135596800 // 0001-01-01T00:00:00Z
const END_SECOND = 253402300800 // the first second of the year 10000
const INSTANT = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,16}))?(?:Z|([+-])(\d{2}):(\d{2}))?$/

/** Reads an instant with any offset (without one it is UTC): microseconds since 1970, rounded down, as a bigint. */
export function readMicroseconds(value) {
  const parts = typeof value === 'string' ? INSTANT.exec(value) : null
  if (!parts) refuse('the instant is not of the form 2026-11-21T08:00:00Z')
  const [, year, month, day, hour, minute, second, fraction = '', sign, offsetHours = '0', offsetMinutes = '0'] = parts
  const date = new Date(0)
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day)) // Date.UTC() takes the years 0 to 99 for 1900 to 1999
  const exists = year !== '0000' && date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day)
  const offset = Number(offsetHours) * 60 + Number(offsetMinutes)
  if (!exists || hour > '23' || minute > '59' || second > '59' || offsetMinutes > '59' || offset > 14 * 60) {
    refuse('the instant does not exist')
  }
  const minutes = Number(hour) * 60 + Number(minute) - (sign === '-' ? -offset : offset)
  const seconds = date.getTime() / 1000 + minutes * 60 + Number(second)
  if (seconds < FIRST_SECOND || seconds >= END_SECOND) refuse('the instant does not exist')
  return BigInt(seconds) * 1000000n + BigInt(fraction.slice(0, 6).padEnd(6, '0'))
}

/** Reads an instant as a Date: in milliseconds, rounded down. */
export function readInstant(value) {
  const microseconds = readMicroseconds(value)
  const remainder = ((microseconds % 1000n) + 1000n) % 1000n
  return new Date(Number((microseconds - remainder) / 1000n))
}

/** Reads a whole number of 32 bits. */
export function readQuantity(value) {
  if (!Number.isInteger(value) || value !== (value | 0)) refuse('the quantity is not a whole number of 32 bits')
  return value
}

/** Reads a SKU of the shop, in any case and with spaces around it; returns its canonical form. */
export function readSku(value) {
  const sku = typeof value === 'string' ? value.replace(/^[\t\n\v\f\r ]+|[\t\n\v\f\r ]+$/g, '') : ''
  if (!/^[A-Za-z0-9][A-Za-z0-9._~-]{0,63}$/.test(sku)) refuse('the SKU is not of the form [A-Z0-9][A-Z0-9._~-]{0,63}')
  return sku.toUpperCase() // of ASCII, as checked above
}

// --- Envelope: CloudEvents 1.0 in Kafka's binary mode -------------------------------------------------

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Reads the attributes of a message. `headers` are [name, value] pairs, values as text or bytes; of several with one name the last
 * counts. `events` is the entity type with which event IDs are derived: forge.entity('events').
 * What the effect needs is required; what only explains the event is undefined where it cannot be read.
 */
export function readEnvelope(headers, events) {
  const texts = new Map(Array.from(headers, ([name, value]) => [name, textOf(value)]))
  const required = (name) => texts.get(name) ?? refuse(`the header ${name} is missing or not text`)
  if (required('ce_specversion') !== '1.0') refuse('ce_specversion is not 1.0')
  const type = required('ce_type')
  const sequence = positive('ce_sequence', required('ce_sequence'))
  const subject = idOf(required('ce_subject')) ?? refuse('the header ce_subject is not an ID')
  const id = idOf(required('ce_id')) ?? refuse('the header ce_id is not an ID')
  if (id !== eventId(events, subject, type, sequence)) refuse('ce_id is not derived from ce_subject, ce_type and ce_sequence')
  const version = positive('ce_dataversion', texts.get('ce_dataversion') ?? '1')
  return {
    id,
    type,
    source: texts.get('ce_source') ?? '',
    subject,
    sequence,
    time: timeOf(texts.get('ce_time')),
    dataVersion: Number(version),
    correlationId: idOf(texts.get('ce_correlationid')),
    causationId: idOf(texts.get('ce_causationid')),
  }
}

/** Returns the headers of a message, in the order in which .NET writes them. */
export function writeEnvelope(attributes, events) {
  const { type, source, subject, sequence, time, dataVersion, correlationId, causationId, traceParent, traceState } = attributes
  const all = [
    ['ce_specversion', '1.0'],
    ['ce_id', eventId(events, subject, type, sequence)],
    ['ce_type', type],
    ['ce_source', source],
    ['ce_subject', subject],
    ['ce_time', time],
    ['ce_sequence', String(sequence)],
    ['ce_dataversion', String(dataVersion)],
    ['ce_correlationid', correlationId],
    ['ce_causationid', causationId],
    ['content-type', 'application/json'],
    ['traceparent', traceParent],
    ['tracestate', traceState],
  ]
  return all.filter(([, value]) => value !== undefined && value !== null)
}

function eventId(events, aggregate, type, sequence) {
  return attempt(() => events.id({ aggregate: uuid(aggregate), type: textValue(type), sequence: int(sequence) }))
}

function textOf(value) {
  if (value === undefined || value === null) return undefined
  try {
    const text = typeof value === 'string' ? value : strictUtf8.decode(value)
    return /[\u0000-\u001f\u007f-\u009f]/.test(text) ? undefined : text
  } catch (error) {
    if (error instanceof TypeError) return undefined // not UTF-8
    throw error
  }
}

const idOf = (text) => (text === undefined ? undefined : attempt(() => parseUuid(text)))

function positive(name, text) {
  const number = /^[0-9]{1,19}$/.test(text) ? BigInt(text) : 0n
  if (number < 1n || number > 0x7fffffffffffffffn) refuse(`the header ${name} is not a positive integer`)
  return number
}

/** A time that cannot be read is undefined; the caller takes the time of the record. */
function timeOf(text) {
  try {
    return text === undefined ? undefined : readMicroseconds(text)
  } catch (error) {
    if (error instanceof ContractError) return undefined
    throw error
  }
}

function attempt(derive) {
  try {
    return derive()
  } catch (error) {
    if (error instanceof ForgeError) return undefined
    throw error
  }
}
