import { context, metrics, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import type { Attributes, Context, Span } from '@opentelemetry/api'
import './telemetry.js'

/** Spans and metrics of messaging, under the names and attributes of shared/Messaging (MessagingTelemetry.cs, MessagingMetrics.cs). */

const tracer = trace.getTracer('ForgeShop.Messaging')
const meter = metrics.getMeter('ForgeShop.Messaging')

const counter = (name: string) => meter.createCounter(`forgeshop.messaging.${name}`)
const gauge = (name: string, unit: string) => meter.createGauge(`forgeshop.messaging.${name}`, { unit })

export const instruments = {
  published: counter('published'),
  handled: counter('handled'),
  duplicates: counter('duplicates'),
  skipped: counter('skipped'),
  retries: counter('retries'),
  deadLetters: counter('dead_letters'),
  lag: gauge('consumer.lag', '{message}'),
  outboxPending: gauge('outbox.pending', '{message}'),
  outboxAge: gauge('outbox.age', 's'),
}

/** A trace context in the form in which a message carries it. */
export interface TraceHeaders {
  readonly traceparent?: string | null | undefined
  readonly tracestate?: string | null | undefined
}

export function headersFor(active: Context): TraceHeaders {
  const headers = {}
  propagation.inject(active, headers)
  return headers
}

/** Starts the span of one message in its trace. Returns it with the headers of what follows from the message. */
export function startMessageSpan(operation: 'publish' | 'process', topic: string, id: string, headers: TraceHeaders, more: Attributes) {
  const attributes = {
    'messaging.system': 'kafka',
    'messaging.operation.name': operation,
    'messaging.operation.type': operation === 'publish' ? 'send' : 'process',
    'messaging.destination.name': topic,
    'messaging.message.id': id,
    ...more,
  }
  const kind = operation === 'publish' ? SpanKind.PRODUCER : SpanKind.CONSUMER
  const parent = propagation.extract(ROOT_CONTEXT, headers)
  const span = tracer.startSpan(`${operation} ${topic}`, { kind, attributes }, parent)
  return { span, headers: headersFor(trace.setSpan(parent, span)) }
}

/** Does the work of these spans and ends them. What is done for all of them, such as a statement, belongs to the first one. */
export async function endAfter<T>(spans: readonly { span: Span }[], work: () => Promise<T>): Promise<T> {
  const [first] = spans
  try {
    return await context.with(first ? trace.setSpan(ROOT_CONTEXT, first.span) : ROOT_CONTEXT, work)
  } catch (error) {
    for (const { span } of spans) span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.name : 'Error' })
    throw error
  } finally {
    for (const { span } of spans) span.end()
  }
}
