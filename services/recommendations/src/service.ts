import { ShopIds } from './contracts/ids.js'
import { orderTopic, recommendationTopic } from './contracts/events.js'
import type { Configuration } from './configuration.js'
import { mapAudit } from './audit/answerAudit.js'
import { countOrders } from './boughtTogether/countOrders.js'
import { mapGetRecommendations } from './boughtTogether/getRecommendations.js'
import { migrate, openPool } from './data/database.js'
import { isTransient } from './data/transientErrors.js'
import { mapHealth } from './http/health.js'
import { createServer } from './http/server.js'
import { AccessTokens } from './http/tokens.js'
import { EventConsumer } from './messaging/consumer.js'
import { DeadLetters } from './messaging/deadLetters.js'
import { Inbox } from './messaging/inbox.js'
import { KafkaClients } from './messaging/kafka.js'
import { OutboxRelay } from './messaging/relay.js'
import { mapReplayOutbox } from './messaging/replayOutbox.js'
import { backoffAfter, pause, WakeUp } from './messaging/waiting.js'
import type { Logger } from './telemetry/logging.js'
import { createMessagingMetrics, MessagingState } from './telemetry/messagingTelemetry.js'

/** The consumer group, the CloudEvents source and the name in telemetry. */
export const serviceName = 'recommendations'

/** Starts the service: migrates its database, then serves requests, consumes events and publishes its outbox. */
export async function startService(configuration: Configuration, logger: Logger) {
  const { database, messaging } = configuration
  const ids = new ShopIds(configuration.forge)
  const onLostConnection = (error: Error) => {
    logger.debug({ err: error }, 'A connection to the database ended')
  }
  const stopping = new AbortController()
  await migrateUntilDone(database, onLostConnection, configuration, logger)

  const pool = openPool(database, onLostConnection)
  const kafka = new KafkaClients(serviceName, configuration, logger)
  const state = new MessagingState()
  const context = { service: serviceName, kafka, settings: messaging, state, metrics: createMessagingMetrics(state), logger }
  const wakeRelay = new WakeUp()
  const onCommit = () => {
    wakeRelay.set()
  }
  const inbox = new Inbox(context, pool, (client, events) => countOrders(client, ids, events), onCommit)
  const consumer = new EventConsumer(context, [orderTopic], inbox, new DeadLetters(context), ids)
  const relay = new OutboxRelay(context, database, [recommendationTopic], wakeRelay, ids)

  const server = createServer(ids, logger)
  const tokens = new AccessTokens(configuration.users, configuration.issuer, configuration.audience)
  mapHealth(server, pool, kafka, state, messaging.maxOutboxAge)
  mapGetRecommendations(server, pool, ids, tokens)
  mapAudit(server, serviceName, pool, tokens, wakeRelay)
  mapReplayOutbox(server, pool, tokens, wakeRelay, logger)
  const address = await server.listen({ host: configuration.host, port: configuration.port })

  const work = [consumer.run(stopping.signal), relay.run(stopping.signal)]
  return {
    address,
    /** Ends the requests and batches that have begun, and begins no more. */
    stop: async () => {
      stopping.abort()
      await Promise.all([server.close(), ...work])
      await pool.end()
    },
  }
}

async function migrateUntilDone(database: string, onLost: (error: Error) => void, { messaging }: Configuration, logger: Logger) {
  for (let attempt = 1; ; attempt++) {
    try {
      const applied = await migrate(database, onLost)
      if (applied.length > 0) logger.info({ applied }, 'Migrated the database')
      return
    } catch (error) {
      if (!isTransient(error)) throw error
      const delay = backoffAfter(attempt, messaging.minBackoff, messaging.maxBackoff)
      logger.warn({ attempt, delay, err: error }, 'The database does not answer; retrying')
      await pause(delay, new AbortController().signal)
    }
  }
}
