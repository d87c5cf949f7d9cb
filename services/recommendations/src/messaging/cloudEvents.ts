import { TextDecoder } from 'node:util'
import { isSpanContextValid, propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { parseUuid } from '@forgeshop/forge-id'
import type { IHeaders, KafkaMessage, Message } from 'kafkajs'
import { ShopIds } from '../contracts/ids.js'

/** CloudEvents 1.0 in the binary mode of the Kafka protocol binding, byte for byte as shared/Messaging/Kafka/CloudEvents.cs writes them. */

/** The cause, the correlation and the trace of a message. */
export interface Origin {
  readonly causationId: string | null
  readonly correlationId: string | null
  readonly traceParent: string | null
  readonly traceState: string | null
}

/** The attributes of a received event. */
export interface EventContext extends Origin {
  readonly id: string
  readonly type: string
  readonly subject: string
  readonly sequence: bigint
  readonly version: number
}

/** A row of the outbox. */
export interface OutboxMessage extends Origin {
  readonly seq: string
  readonly eventId: string
  readonly topic: string
  readonly type: string
  readonly subject: string
  readonly sequence: string
  readonly version: number
  readonly payload: string
  /** In UTC with microseconds, without zeros at the end. */
  readonly occurredAt: string
}

/** A message that no further attempt can make readable. */
export class UnreadableMessageError extends Error {
  constructor(reason: string) {
    super(`Unreadable message: ${reason}.`)
  }
}

const maxTraceStateLength = 512
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export function writeEvent(message: OutboxMessage, source: string): Message {
  const headers: [string, string | null][] = [
    ['ce_specversion', '1.0'],
    ['ce_id', message.eventId],
    ['ce_type', message.type],
    ['ce_source', source],
    ['ce_subject', message.subject],
    ['ce_time', message.occurredAt],
    ['ce_sequence', message.sequence],
    ['ce_dataversion', `${message.version}`],
    ['ce_correlationid', message.correlationId],
    ['ce_causationid', message.causationId],
    ['content-type', 'application/json'],
    ['traceparent', message.traceParent],
    ['tracestate', message.traceState],
  ]
  const present = headers.filter((header): header is [string, string] => header[1] !== null)
  return { key: message.subject, value: message.payload, headers: Object.fromEntries(present) }
}

/** Returns the type; undefined for a tombstone and for a message that is no CloudEvent. */
export const typeOf = (message: KafkaMessage) => (message.value === null ? undefined : headerText(message.headers, 'ce_type'))

/**
 * Reads the attributes. What the effect needs is required; what only explains the event (correlation, causation, trace) is dropped where it
 * cannot be read.
 * @throws {UnreadableMessageError} A required attribute is missing or invalid, or the ID is not derived from the others.
 */
export function readContext(message: KafkaMessage, ids: ShopIds): EventContext {
  const optional = (name: string) => headerText(message.headers, name)
  const required = (name: string) => {
    const value = optional(name)
    if (value === undefined) throw new UnreadableMessageError(`the header ${name} is missing or not text`)
    return value
  }
  const id = (name: string) => {
    const value = uuidOf(required(name))
    if (value === undefined) throw new UnreadableMessageError(`the header ${name} is not an ID`)
    return value
  }
  if (required('ce_specversion') !== '1.0') throw new UnreadableMessageError('ce_specversion is not 1.0')
  const type = required('ce_type')
  const sequence = positive('ce_sequence', required('ce_sequence'))
  const subject = id('ce_subject')
  const eventId = id('ce_id')
  if (ShopIds.attempt(() => ids.event(subject, type, sequence)) !== eventId)
    throw new UnreadableMessageError('ce_id is not derived from ce_subject, ce_type and ce_sequence')
  return {
    id: eventId,
    type,
    subject,
    sequence,
    version: Number(positive('ce_dataversion', optional('ce_dataversion') ?? '1')),
    correlationId: uuidOf(optional('ce_correlationid')) ?? null,
    causationId: uuidOf(optional('ce_causationid')) ?? null,
    ...traceOf(optional('traceparent'), optional('tracestate')),
  }
}

/** Returns a header's text; undefined if it is missing, not UTF-8 or has control characters. Of several with one name, the last counts. */
export function headerText(headers: IHeaders | undefined, name: string): string | undefined {
  const values = headers?.[name]
  const last = Array.isArray(values) ? values.at(-1) : values
  if (last === undefined || (last as unknown) === null) return undefined
  try {
    const text = typeof last === 'string' ? last : strictUtf8.decode(last)
    return /\p{Cc}/u.test(text) ? undefined : text
  } catch {
    return undefined
  }
}

function uuidOf(text: string | undefined): string | undefined {
  return text === undefined ? undefined : ShopIds.attempt(() => parseUuid(text))
}

function positive(name: string, text: string): bigint {
  const value = /^[0-9]{1,19}$/.test(text) ? BigInt(text) : 0n
  if (value <= 0n || value > 0x7fffffffffffffffn) throw new UnreadableMessageError(`the header ${name} is not a positive integer`)
  return value
}

function traceOf(traceParent: string | undefined, traceState: string | undefined): Pick<Origin, 'traceParent' | 'traceState'> {
  if (traceParent === undefined || !isValidTraceParent(traceParent)) return { traceParent: null, traceState: null }
  const isKept = traceState !== undefined && traceState.length <= maxTraceStateLength && /^[\x20-\x7e]*$/.test(traceState)
  return { traceParent, traceState: isKept ? traceState : null }
}

function isValidTraceParent(traceparent: string): boolean {
  const context = trace.getSpanContext(propagation.extract(ROOT_CONTEXT, { traceparent }))
  return context !== undefined && isSpanContextValid(context)
}
