import { isSpanContextValid, propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { ContractError, readEnvelope, writeEnvelope, type Envelope } from '@forgeshop/forge-id/contracts'
import type { IHeaders, KafkaMessage, Message } from 'kafkajs'
import type { ShopIds } from '../contracts/ids.js'

/** CloudEvents 1.0 in the binary mode of the Kafka protocol binding, read and written by the contracts' own functions. */

/** The cause, the correlation and the trace of a message. */
export interface Origin {
  readonly causationId: string | null
  readonly correlationId: string | null
  readonly traceParent: string | null
  readonly traceState: string | null
}

/** The attributes of a received event. */
export type EventContext = Pick<Envelope, 'id' | 'type' | 'subject' | 'sequence' | 'dataVersion'> & Origin

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

export function writeEvent(message: OutboxMessage, source: string, ids: ShopIds): Message {
  const attributes = { ...message, source, sequence: BigInt(message.sequence), time: message.occurredAt, dataVersion: message.version }
  return { key: message.subject, value: message.payload, headers: Object.fromEntries(writeEnvelope(attributes, ids.events)) }
}

/** Returns the type; undefined for a tombstone and for a message that is no CloudEvent. */
export const typeOf = (message: KafkaMessage) => (message.value === null ? undefined : headerText(message.headers, 'ce_type'))

/** @throws {UnreadableMessageError} A required attribute is missing or invalid, or the ID is not derived from the others. */
export function readContext({ headers = {} }: KafkaMessage, ids: ShopIds): EventContext {
  const values = Object.entries(headers).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one) => [name, one] as const),
  )
  try {
    const { correlationId = null, causationId = null, ...envelope } = readEnvelope(values, ids.events)
    return { ...envelope, correlationId, causationId, ...traceOf(headerText(headers, 'traceparent'), headerText(headers, 'tracestate')) }
  } catch (error) {
    throw error instanceof ContractError ? new UnreadableMessageError(error.message) : error
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

function traceOf(traceParent: string | undefined, traceState: string | undefined): Pick<Origin, 'traceParent' | 'traceState'> {
  if (traceParent === undefined || !isValidTraceParent(traceParent)) return { traceParent: null, traceState: null }
  const isKept = traceState !== undefined && traceState.length <= maxTraceStateLength && /^[\x20-\x7e]*$/.test(traceState)
  return { traceParent, traceState: isKept ? traceState : null }
}

function isValidTraceParent(traceparent: string): boolean {
  const context = trace.getSpanContext(propagation.extract(ROOT_CONTEXT, { traceparent }))
  return context !== undefined && isSpanContextValid(context)
}
