import { Kafka, logLevel, Partitioners, type Admin, type Consumer, type KafkaConfig, type Producer, type SASLOptions } from 'kafkajs'
import type { Configuration } from '../configuration.js'
import { deadLetterTopic } from '../contracts/events.js'
import type { Logger } from '../telemetry/logging.js'

const clientTimeout = 10_000

/** The only file that creates clients of KafkaJS. Each client ends after a failure, and its owner creates another one. */
export class KafkaClients {
  readonly #kafka: Kafka
  readonly #settings: Configuration['messaging']

  constructor(service: string, configuration: Configuration, logger: Logger) {
    const { brokers, tls, sasl } = configuration.kafka
    this.#settings = configuration.messaging
    const config: KafkaConfig = {
      clientId: service,
      brokers,
      ssl: tls,
      connectionTimeout: 2_000,
      requestTimeout: clientTimeout,
      retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 5 },
      logLevel: logLevel.WARN,
      // The owners of the clients log the failures.
      logCreator: () => (entry) => {
        logger.debug({ client: entry.namespace }, `Kafka client: ${entry.log.message}`)
      },
    }
    if (sasl) config.sasl = sasl as unknown as SASLOptions
    this.#kafka = new Kafka(config)
  }

  admin(): Admin {
    return this.#kafka.admin({ retry: { retries: 0 } })
  }

  consumer(groupId: string): Consumer {
    return this.#kafka.consumer({
      groupId,
      sessionTimeout: 10_000,
      heartbeatInterval: 2_000,
      rebalanceTimeout: 30_000,
      metadataMaxAge: 10_000,
      maxWaitTimeInMs: 1_000,
      allowAutoTopicCreation: false,
      // The owner replaces a consumer that has crashed, and creates the topics before.
      retry: { restartOnFailure: () => Promise.resolve(false) },
    })
  }

  /** Creates a producer that keeps the order within a partition and places a key where the Java and .NET clients place it (murmur2). */
  producer(): Producer {
    return this.#kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      metadataMaxAge: 10_000,
      createPartitioner: Partitioners.DefaultPartitioner,
    })
  }

  /** Creates the topics that do not exist, and their dead-letter topics. */
  async createTopics(names: readonly string[]): Promise<void> {
    await this.#withAdmin((admin) =>
      admin.createTopics({
        topics: names
          .flatMap((name) => [name, deadLetterTopic(name)])
          .map((topic) => ({ topic, numPartitions: this.#settings.partitions, replicationFactor: this.#settings.replicationFactor })),
      }),
    )
  }

  /** Returns whether Kafka answers. */
  async answers(): Promise<boolean> {
    try {
      await this.#withAdmin((admin) => admin.describeCluster())
      return true
    } catch {
      return false
    }
  }

  async #withAdmin<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = this.admin()
    try {
      await admin.connect()
      return await work(admin)
    } finally {
      await admin.disconnect()
    }
  }
}

/** Returns whether Kafka answered with this error, directly or as the cause of the client's error. */
export function hasErrorType(error: unknown, ...types: string[]): boolean {
  if (!(error instanceof Error)) return false
  return ('type' in error && types.includes(String(error.type))) || hasErrorType(error.cause, ...types)
}
