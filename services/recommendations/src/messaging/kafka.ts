import { Kafka, logLevel, Partitioners, type Consumer, type Producer, type SASLOptions } from 'kafkajs'
import { deadLetterTopic } from '../contracts.js'
import { settings } from '../settings.js'
import { logger } from '../telemetry/telemetry.js'

/** The only file that creates clients of KafkaJS. Each client ends after a failure, and its owner creates another one. */

const protocol = settings.Kafka__SecurityProtocol.toLowerCase()
const sasl = {
  mechanism: settings.Kafka__SaslMechanism.toLowerCase().replaceAll('_', '-'),
  username: settings.Kafka__SaslUsername,
  password: settings.Kafka__SaslPassword,
} as SASLOptions
const kafka = new Kafka({
  clientId: 'recommendations',
  brokers: settings.ConnectionStrings__kafka.split(','),
  ssl: protocol.endsWith('ssl'),
  ...(protocol.startsWith('sasl') ? { sasl } : {}),
  requestTimeout: 10_000,
  retry: { maxRetryTime: 1_000 },
  logLevel: logLevel.WARN,
  // The owners of the clients log the failures.
  logCreator: () => (entry) => logger.debug({ client: entry.namespace }, `Kafka client: ${entry.log.message}`),
})

export function createConsumer(groupId: string): Consumer {
  return kafka.consumer({
    groupId,
    sessionTimeout: 10_000,
    // The broker gathers messages for larger batches. No other service waits for the recommendations.
    minBytes: 65_536,
    maxWaitTimeInMs: 300,
    // The owner replaces a consumer that has crashed, and creates the topics before.
    retry: { restartOnFailure: () => Promise.resolve(false) },
  })
}

/** Creates a producer that keeps the order within a partition and places a key where the Java and .NET clients place it (murmur2). */
export function createProducer(): Producer {
  return kafka.producer({ idempotent: true, maxInFlightRequests: 1, createPartitioner: Partitioners.DefaultPartitioner })
}

/** Creates a topic and its dead-letter topic unless they exist. */
export async function createTopics(name: string): Promise<void> {
  const { Messaging__Partitions: numPartitions, Messaging__ReplicationFactor: replicationFactor } = settings
  const topics = [name, deadLetterTopic(name)].map((topic) => ({ topic, numPartitions, replicationFactor }))
  const admin = kafka.admin({ retry: { retries: 0 } })
  try {
    await admin.connect()
    await admin.createTopics({ topics })
  } finally {
    await admin.disconnect()
  }
}
