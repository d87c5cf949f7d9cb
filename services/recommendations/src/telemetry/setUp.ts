import type { IncomingMessage } from 'node:http'
import { createRequire } from 'node:module'
import { metrics } from '@opentelemetry/api'
import { logs } from '@opentelemetry/api-logs'
import { registerInstrumentations } from '@opentelemetry/instrumentation'
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg'
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { BatchSpanProcessor, NodeTracerProvider, type ReadableSpan, type SpanProcessor } from '@opentelemetry/sdk-trace-node'

/**
 * Sets up traces, metrics and logs; imported before everything that is instrumented. Aspire hands over OTEL_EXPORTER_OTLP_ENDPOINT, the
 * headers, the service's name and its instance. Without an endpoint nothing is exported; trace IDs and correlation travel in any case.
 */
const isExported = Boolean(process.env.OTEL_EXPORTER_OTLP_ENDPOINT)
const healthChecks = new Set(['/health', '/alive'])
const personal = /[^/?]*(@|%40|eyJ[0-9A-Za-z_-]{10})[^/?]*/gi

/** Removes queries, since e-mail addresses belong there, and masks path segments that look like an address or a token. */
class PathRedaction implements SpanProcessor {
  onStart(): void {
    // Attributes are complete at the end.
  }
  onEnd(span: ReadableSpan): void {
    delete span.attributes['url.query']
    for (const name of ['url.path', 'url.full', 'http.url', 'http.target']) {
      const value = span.attributes[name]
      if (typeof value === 'string') span.attributes[name] = value.replace(/\?.*$/s, '').replace(personal, '*')
    }
  }
  forceFlush = () => Promise.resolve()
  shutdown = () => Promise.resolve()
}

/** Aspire's dashboard takes gRPC by default. By require, because an import would let main.ts go on meanwhile. */
const protocol = process.env.OTEL_EXPORTER_OTLP_PROTOCOL === 'http/protobuf' ? 'proto' : 'grpc'
const require = createRequire(import.meta.url)
const load = (signal: string) => require(`@opentelemetry/exporter-${signal}-otlp-${protocol}`) as unknown
type Exporters = typeof import('@opentelemetry/exporter-trace-otlp-grpc') &
  typeof import('@opentelemetry/exporter-metrics-otlp-grpc') &
  typeof import('@opentelemetry/exporter-logs-otlp-grpc')

const resource = resourceFromAttributes({ 'service.name': 'recommendations' }).merge(detectResources({ detectors: [envDetector] }))
const exporters = isExported ? (Object.assign({}, load('trace'), load('metrics'), load('logs')) as Exporters) : undefined
const spanProcessors = exporters ? [new PathRedaction(), new BatchSpanProcessor(new exporters.OTLPTraceExporter())] : []
const tracerProvider = new NodeTracerProvider({ resource, spanProcessors })
tracerProvider.register()
const providers: { shutdown(): Promise<void> }[] = [tracerProvider]

if (exporters) {
  const exportIntervalMillis = Number(process.env.OTEL_METRIC_EXPORT_INTERVAL ?? 60_000)
  const reader = new PeriodicExportingMetricReader({ exporter: new exporters.OTLPMetricExporter(), exportIntervalMillis })
  const meterProvider = new MeterProvider({ resource, readers: [reader] })
  metrics.setGlobalMeterProvider(meterProvider)
  const loggerProvider = new LoggerProvider({
    resource,
    processors: [new BatchLogRecordProcessor({ exporter: new exporters.OTLPLogExporter() })],
  })
  logs.setGlobalLoggerProvider(loggerProvider)
  providers.push(meterProvider, loggerProvider)
}

registerInstrumentations({
  instrumentations: [
    new HttpInstrumentation({
      ignoreIncomingRequestHook: (request: IncomingMessage) => healthChecks.has(request.url ?? ''),
      // The exporters' own requests, and Kafka's, belong to no trace.
      requireParentforOutgoingSpans: true,
    }),
    // Polling has no parent: it would start a trace a second.
    ...(isExported ? [new PgInstrumentation({ requireParentSpan: true, ignoreConnectSpans: true })] : []),
  ],
})

/** Exports what is left. */
export async function shutDownTelemetry(): Promise<void> {
  await Promise.allSettled(providers.map((provider) => provider.shutdown()))
}
