import { readEnvelope, writeEnvelope, type Envelope } from '@forgeshop/forge-id/contracts'
import type { IHeaders, KafkaMessage, Message } from 'kafkajs'
import { eventIds, isHandled, readOrderEvent, type OrderEvent } from '../contracts.js'
import type { TraceHeaders } from '../telemetry/messagingTelemetry.js'
import type { OutboxRow } from './outbox.js'

/** CloudEvents 1.0 in the binary mode of the Kafka protocol binding, read and written by the contracts' own functions. */

/** A message that the service handles. */
export interface IncomingEvent {
  readonly envelope: Envelope
  readonly order: OrderEvent
  readonly trace: TraceHeaders
  readonly offset: string
}

/** Returns the headers as text. Of several with one name, the last counts. */
function headersOf({ headers = {} }: KafkaMessage): Readonly<Record<string, string | undefined>> {
  const last = (value: IHeaders[string]) => (Array.isArray(value) ? value.at(-1) : value) ?? undefined
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, last(value)?.toString()]))
}

/** A message that no further attempt can make readable. */
export class UnreadableMessageError extends Error {}

/**
 * Returns the event; undefined if the service does not handle it: a type without a handler, a tombstone, a foreign message, or a copy
 * that an operator retries for another consumer group.
 * @throws {UnreadableMessageError} An attribute or the data is invalid, or the ID is not derived from the other attributes.
 */
export function readEvent(message: KafkaMessage): IncomingEvent | undefined {
  const headers = headersOf(message)
  const { ce_type: type = '', dlq_group: group = 'recommendations', traceparent, tracestate } = headers
  if (message.value === null || !isHandled(type) || group !== 'recommendations') return undefined
  try {
    const envelope = readEnvelope(Object.entries(headers), eventIds)
    const order = readOrderEvent(type, envelope.dataVersion, message.value)
    return { envelope, order, trace: { traceparent, tracestate }, offset: message.offset }
  } catch (error) {
    throw new UnreadableMessageError(error instanceof Error ? error.message : '', { cause: error })
  }
}

/** Writes a row of the outbox in the given trace. */
export function writeEvent(row: OutboxRow, { traceparent, tracestate }: TraceHeaders): Message {
  const attributes = {
    ...row,
    source: '/recommendations',
    sequence: BigInt(row.sequence),
    time: row.occurred_at.toISOString(),
    dataVersion: row.version,
    correlationId: row.correlation_id,
    causationId: row.causation_id,
    traceParent: traceparent,
    traceState: tracestate,
  }
  return { key: row.subject, value: JSON.stringify(row.payload), headers: Object.fromEntries(writeEnvelope(attributes, eventIds)) }
}
