import type { Client } from 'pg'
import type { Producer } from 'kafkajs'
import type { ShopIds } from '../contracts/ids.js'
import { connect } from '../data/database.js'
import { endSpan, startMessageSpan, under } from '../telemetry/messagingTelemetry.js'
import { writeEvent, type OutboxMessage } from './cloudEvents.js'
import type { MessagingContext } from './context.js'
import { hasErrorType } from './kafka.js'
import { cleanUp, markPublishedOrRefused, readUnpublished } from './outbox.js'
import { backoffAfter, pause, type WakeUp } from './waiting.js'

// On a young table the planner prefers a bitmap scan and a sort to the partial index, which makes each read many times slower.
const plan = 'SET enable_bitmapscan = off; SET enable_seqscan = off; SET enable_sort = off'
const tryElect = `SELECT pg_try_advisory_lock(hashtext('forgeshop.outbox.relay')) AS elected`

/** Kafka would refuse the same message again. */
const permanentErrors = ['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'INVALID_RECORD', 'POLICY_VIOLATION', 'INVALID_TOPIC_EXCEPTION']

/**
 * Publishes the outbox. Of all replicas only the one that holds the session lock publishes, which keeps the order per key; a standby takes
 * over when the lock is free. A crash between Kafka's acknowledgement and the mark publishes messages again, and inboxes drop them.
 */
export class OutboxRelay {
  constructor(
    private readonly context: MessagingContext,
    private readonly database: string,
    private readonly topics: readonly string[],
    private readonly signal: WakeUp,
    private readonly ids: ShopIds,
  ) {}

  async run(stopping: AbortSignal): Promise<void> {
    for (let failures = 0; !stopping.aborted;) {
      let connection: Client | undefined
      let producer: Producer | undefined
      try {
        connection = await connect(this.database, (error) => {
          this.context.logger.debug({ err: error }, 'The relay lost its connection')
        })
        await this.#untilElected(connection, stopping)
        await this.context.kafka.createTopics(this.topics)
        producer = this.context.kafka.producer()
        await producer.connect()
        await this.#publishAll(connection, producer, stopping, () => (failures = 0))
      } catch (error) {
        const delay = backoffAfter(++failures, this.context.settings.minBackoff, this.context.settings.maxBackoff)
        this.context.logger.warn({ attempt: failures, delay, err: error }, 'The relay failed; retrying')
        await pause(delay, stopping)
      } finally {
        // A producer that failed is replaced, so that nothing of a batch arrives behind its own repetition. The lock ends with the connection.
        await producer?.disconnect()
        await connection?.end()
        this.context.state.outbox = undefined
      }
    }
  }

  async #untilElected(connection: Client, stopping: AbortSignal): Promise<void> {
    await connection.query(plan)
    while (!stopping.aborted) {
      const { rows } = await connection.query<{ elected: boolean }>(tryElect)
      if (rows[0]?.elected) break
      await pause(this.context.settings.pollInterval, stopping)
    }
  }

  async #publishAll(connection: Client, producer: Producer, stopping: AbortSignal, onProgress: () => void): Promise<void> {
    this.context.logger.info('Elected as the active relay')
    for (let cleanedUpAt = Date.now(); !stopping.aborted;) {
      const messages = await readUnpublished(connection, this.context.settings.publishBatchSize)
      this.context.state.outbox = { pending: messages.length, oldestAt: messages[0] && Date.parse(messages[0].occurredAt) }
      if (messages.length > 0) {
        const results = await this.#publish(producer, messages)
        await markPublishedOrRefused(connection, results)
      } else {
        await this.signal.wait(this.context.settings.pollInterval, stopping)
      }
      onProgress()
      if (Date.now() - cleanedUpAt >= this.context.settings.cleanUpInterval) {
        await cleanUp(connection, this.context.settings.outboxRetention, this.context.settings.inboxRetention)
        cleanedUpAt = Date.now()
      }
    }
  }

  /** Publishes a batch in its order. If Kafka refuses it because of one message, each message alone shows whether it is the one. */
  async #publish(producer: Producer, messages: readonly OutboxMessage[]): Promise<{ seq: string; error: string | undefined }[]> {
    try {
      await this.#send(producer, messages)
      return messages.map(({ seq }) => ({ seq, error: undefined }))
    } catch (error) {
      if (!hasErrorType(error, ...permanentErrors)) throw error
      const [first] = messages
      if (first && messages.length === 1) return [this.#refuse(first, error)]
    }
    const results = []
    for (const message of messages) results.push(...(await this.#publish(producer, [message])))
    return results
  }

  async #send(producer: Producer, messages: readonly OutboxMessage[]): Promise<void> {
    const spans = messages.map((message) => startMessageSpan('publish', message.topic, message.eventId, message))
    const traced = messages.map((message, index) => under(message, spans[index] as (typeof spans)[number]))
    const topicMessages = [...new Set(traced.map((message) => message.topic))].map((topic) => ({
      topic,
      messages: traced
        .filter((message) => message.topic === topic)
        .map((message) => writeEvent(message, `/${this.context.service}`, this.ids)),
    }))
    try {
      await producer.sendBatch({ acks: -1, timeout: this.context.settings.publishTimeout, topicMessages })
      for (const span of spans) endSpan(span)
    } catch (error) {
      for (const span of spans) endSpan(span, error)
      throw error
    }
    for (const { topic, messages } of topicMessages)
      this.context.metrics.published.add(messages.length, { 'messaging.destination.name': topic })
  }

  #refuse(message: OutboxMessage, error: unknown): { seq: string; error: string } {
    const reason = error instanceof Error ? error.message : String(error)
    this.context.metrics.refused.add(1, { 'messaging.destination.name': message.topic })
    this.context.logger.error(
      { eventId: message.eventId, type: message.type, topic: message.topic, reason },
      'Kafka refuses a message for good. The relay passes over it; a replay tries it again',
    )
    return { seq: message.seq, error: reason }
  }
}
