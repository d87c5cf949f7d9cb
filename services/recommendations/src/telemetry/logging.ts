import { context, trace } from '@opentelemetry/api'
import { logs, SeverityNumber } from '@opentelemetry/api-logs'
import { pino, stdSerializers, type Logger } from 'pino'

export type { Logger }

const severities: Readonly<Record<string, SeverityNumber>> = {
  debug: SeverityNumber.DEBUG,
  info: SeverityNumber.INFO,
  warn: SeverityNumber.WARN,
  error: SeverityNumber.ERROR,
  fatal: SeverityNumber.FATAL,
}

/**
 * Creates the logger: one JSON object a line on standard output, with the fields of the .NET services' records (time, level, category,
 * message, traceId, spanId, correlationId), and the same record by OTLP where telemetry is exported.
 */
export function createLogger(service: string): Logger {
  const otlp = logs.getLogger(service)
  return pino({
    level: process.env.LOG_LEVEL ?? 'info',
    base: { service },
    messageKey: 'message',
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    serializers: { err: stdSerializers.err },
    formatters: { level: (level) => ({ level }) },
    mixin: () => traceFields(),
    hooks: {
      streamWrite: (line) => {
        const { level, message, time, ...attributes } = JSON.parse(line) as Record<string, unknown>
        const severityText = String(level)
        otlp.emit({
          severityText,
          severityNumber: severities[severityText] ?? SeverityNumber.UNSPECIFIED,
          body: String(message),
          timestamp: new Date(String(time)),
          attributes: Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, JSON.stringify(value)])),
        })
        return line
      },
    },
  })
}

function traceFields(): Record<string, string> {
  const span = trace.getSpanContext(context.active())
  return span ? { traceId: span.traceId, spanId: span.spanId } : {}
}
