import { shutDownTelemetry } from './telemetry/setUp.js'
import { readConfiguration } from './configuration.js'
import { startService } from './service.js'
import { createLogger } from './telemetry/logging.js'

/** The time for which SIGTERM lets requests and batches end; Aspire kills the process after 6 s. */
const drainTimeout = 5_000

const logger = createLogger('recommendations')
try {
  const service = await startService(readConfiguration(process.env), logger)
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void drain(service.stop))
  logger.info({ address: service.address }, 'The service is ready')
} catch (error) {
  logger.fatal({ err: error }, 'The service could not start')
  process.exitCode = 1
}

async function drain(stop: () => Promise<void>): Promise<void> {
  logger.info('Stopping: requests and batches end, and no new ones begin')
  setTimeout(() => process.exit(1), drainTimeout).unref()
  await stop()
  await shutDownTelemetry()
  process.exit(0)
}
