import type { IncomingMessage } from 'node:http'
import { createRequire } from 'node:module'
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg'
import { PinoInstrumentation } from '@opentelemetry/instrumentation-pino'
import { NodeSDK, resources, tracing } from '@opentelemetry/sdk-node'

/**
 * Sets up traces, metrics and logs as the variables OTEL_* say, which Aspire hands over. Without an endpoint nothing is exported; trace
 * IDs and correlation travel in any case.
 */
const isExported = Boolean(process.env.OTEL_EXPORTER_OTLP_ENDPOINT)
const silent = { spanProcessors: [new tracing.NoopSpanProcessor()], metricReaders: [], logRecordProcessors: [] }
const logKeys = { traceId: 'traceId', spanId: 'spanId', traceFlags: 'traceFlags' }
const healthChecks = new Set(['/health', '/alive'])

const sdk = new NodeSDK({
  ...(isExported ? {} : silent),
  resource: resources.resourceFromAttributes({ 'service.name': 'recommendations' }),
  resourceDetectors: [resources.envDetector],
  instrumentations: [
    new HttpInstrumentation({
      ignoreIncomingRequestHook: (request: IncomingMessage) => healthChecks.has(request.url ?? ''),
      // They may contain an e-mail address or a token; http.route tells which call it is.
      startIncomingSpanHook: () => ({ 'url.path': '', 'url.query': '' }),
      disableOutgoingRequestInstrumentation: true,
    }),
    // Polling has no parent: it would start a trace a second.
    ...(isExported ? [new PgInstrumentation({ requireParentSpan: true, ignoreConnectSpans: true })] : []),
    new PinoInstrumentation({ disableLogSending: !isExported, logKeys }),
  ],
})
sdk.start()

/** Loads a module that is instrumented: OpenTelemetry sees what CommonJS requires, and not what is imported. */
export const requireInstrumented = createRequire(import.meta.url)

/** Exports what is left. */
export const shutDownTelemetry = () => sdk.shutdown()

const { pino, stdTimeFunctions } = requireInstrumented('pino') as typeof import('pino')

/**
 * Writes one JSON object a line to standard output, with the fields of the .NET services' records (time, level, message, traceId, spanId);
 * where telemetry is exported, OpenTelemetry sends the same records.
 */
export const logger = pino({
  level: process.env.LOG_LEVEL ?? 'info',
  base: { service: 'recommendations' },
  messageKey: 'message',
  timestamp: stdTimeFunctions.isoTime,
  formatters: { level: (level) => ({ level }) },
})
