import { requireInstrumented } from './setUp.js'

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
