import closeWithGrace from 'close-with-grace'
import { mapAudit } from './audit/answerAudit.js'
import { mapGetRecommendations } from './boughtTogether/getRecommendations.js'
import { migrate, pool } from './data/database.js'
import { createServer } from './http/server.js'
import { consume } from './messaging/consumer.js'
import { publishOutbox } from './messaging/outbox.js'
import { untilDone } from './messaging/retry.js'
import { settings } from './settings.js'
import { logger, shutDownTelemetry } from './telemetry/telemetry.js'

const stopping = new AbortController()
const { signal } = stopping
const work: Promise<void>[] = []
const server = createServer()
mapGetRecommendations(server)
mapAudit(server)

// Aspire kills the process 6 s after SIGTERM.
closeWithGrace({ delay: 5_000, logger }, async ({ err }) => {
  if (err) logger.fatal({ err }, 'The service cannot go on')
  logger.info('Stopping: requests and batches end, and no new ones begin')
  stopping.abort()
  await Promise.all([server.close(), ...work])
  await pool.end()
  await shutDownTelemetry().catch((err: unknown) => logger.warn({ err }, 'The last telemetry was not exported'))
})

await untilDone('The migration', migrate, signal)
const address = await server.listen({ host: settings.HOST, port: settings.PORT })
work.push(
  untilDone('Consuming', () => consume(signal), signal),
  untilDone('Publishing', () => publishOutbox(signal), signal),
)
logger.info({ address }, 'The service is ready')
