import {
  context,
  metrics,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type ObservableCallback,
  type Span,
} from '@opentelemetry/api'
import type { Origin } from '../messaging/cloudEvents.js'

/** Spans and metrics of messaging, under the names and attributes of shared/Messaging (MessagingTelemetry.cs, MessagingMetrics.cs). */

const name = 'ForgeShop.Messaging'
const tracer = trace.getTracer(name)
const correlationAttribute = 'forgeshop.correlation_id'

/** Returns the trace context that a message carries. */
export function contextOf(origin: Origin): Context {
  const carrier: Record<string, string> = {}
  if (origin.traceParent !== null) carrier.traceparent = origin.traceParent
  if (origin.traceState !== null) carrier.tracestate = origin.traceState
  return propagation.extract(ROOT_CONTEXT, carrier)
}

/** Starts a span of one message, in the trace of the message. */
export function startMessageSpan(
  operation: 'publish' | 'process',
  topic: string,
  messageId: string,
  origin: Origin,
  more: Attributes = {},
) {
  return tracer.startSpan(
    `${operation} ${topic}`,
    {
      kind: operation === 'publish' ? SpanKind.PRODUCER : SpanKind.CONSUMER,
      attributes: {
        'messaging.operation.name': operation,
        'messaging.operation.type': operation === 'publish' ? 'send' : 'process',
        'messaging.system': 'kafka',
        'messaging.destination.name': topic,
        'messaging.message.id': messageId,
        ...(origin.correlationId === null ? {} : { [correlationAttribute]: origin.correlationId }),
        ...more,
      },
    },
    contextOf(origin),
  )
}

/** Runs work in the span of a batch, with links to the messages' traces. The statements of the transaction belong to it. */
export async function inBatchSpan<T>(origins: readonly Origin[], group: string, work: () => Promise<T>): Promise<T> {
  const links = origins.map((origin) => trace.getSpanContext(contextOf(origin))).filter((span) => span !== undefined)
  const attributes = { 'messaging.system': 'kafka', 'messaging.batch.message_count': origins.length }
  const options = { kind: SpanKind.CONSUMER, attributes, links: links.map((link) => ({ context: link })) }
  const span = tracer.startSpan(`handle batch of ${group}`, options, ROOT_CONTEXT)
  try {
    const result = await context.with(trace.setSpan(ROOT_CONTEXT, span), work)
    endSpan(span)
    return result
  } catch (error) {
    endSpan(span, error)
    throw error
  }
}

/** Ends a span; with an error as failed. */
export function endSpan(span: Span, error?: unknown): void {
  if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.name : 'Error' })
  span.end()
}

/** Returns the origin with the span as the parent of what follows. */
export function under<T extends Origin>(origin: T, span: Span): T {
  const carrier: Record<string, string> = {}
  propagation.inject(trace.setSpan(ROOT_CONTEXT, span), carrier)
  return carrier.traceparent === undefined
    ? origin
    : { ...origin, traceParent: carrier.traceparent, traceState: carrier.tracestate ?? null }
}

/** What the metrics observe, and the health check reads. */
export class MessagingState {
  /** The outbox as the active relay saw it last; undefined on a standby. */
  outbox: { pending: number; oldestAt: number | undefined } | undefined
  /** The partitions whose first message failed and is retried. */
  readonly waitingPartitions = new Set<string>()
  readonly lag = new Map<string, { topic: string; partition: number; messages: number }>()

  get outboxAge(): number {
    return this.outbox?.oldestAt === undefined ? 0 : Math.max(0, Date.now() - this.outbox.oldestAt)
  }
}

/** Creates the instruments; metrics without a meter provider cost nothing. */
export function createMessagingMetrics(state: MessagingState) {
  const meter = metrics.getMeter(name)
  const counter = (suffix: string, unit: string, description: string) =>
    meter.createCounter(`forgeshop.messaging.${suffix}`, { unit, description })
  const gauge = (suffix: string, unit: string, description: string, observe: ObservableCallback) => {
    meter.createObservableGauge(`forgeshop.messaging.${suffix}`, { unit, description }).addCallback(observe)
  }
  gauge('outbox.pending', '{message}', 'Messages that wait to be published.', (result) => {
    result.observe(state.outbox?.pending ?? 0)
  })
  gauge('outbox.age', 's', 'Age of the oldest of them.', (result) => {
    result.observe(state.outboxAge / 1000)
  })
  gauge('consumer.lag', '{message}', 'Messages of a partition that are not handled yet.', (result) => {
    for (const { topic, partition, messages } of state.lag.values())
      result.observe(messages, { 'messaging.destination.name': topic, 'messaging.destination.partition.id': partition })
  })
  return {
    published: counter('published', '{message}', 'Messages that Kafka acknowledged.'),
    refused: counter('refused', '{message}', 'Messages that Kafka refuses for good.'),
    handled: counter('handled', '{message}', 'Messages whose effect is committed.'),
    duplicates: counter('duplicates', '{message}', 'Messages that the inbox dropped.'),
    skipped: counter('skipped', '{message}', 'Messages without a handler, tombstones and foreign messages.'),
    retries: counter('retries', '{batch}', 'Failed attempts that are repeated.'),
    deadLetters: counter('dead_letters', '{message}', 'Messages that were dead-lettered.'),
    batchSize: meter.createHistogram('forgeshop.messaging.batch.size', { unit: '{message}', description: 'Messages of a transaction.' }),
  }
}

export type MessagingMetrics = ReturnType<typeof createMessagingMetrics>
