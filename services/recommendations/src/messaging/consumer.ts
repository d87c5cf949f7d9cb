import { once } from 'node:events'
import type { EachBatchPayload, KafkaMessage } from 'kafkajs'
import { orderTopic } from '../contracts.js'
import { isTransient } from '../data/database.js'
import { settings } from '../settings.js'
import { logger } from '../telemetry/telemetry.js'
import { instruments } from '../telemetry/messagingTelemetry.js'
import { readEvent, UnreadableMessageError } from './cloudEvents.js'
import { addDeadLetter } from './deadLetters.js'
import { processBatch } from './inbox.js'
import { createConsumer, createTopics } from './kafka.js'
import { backoffAfter } from './retry.js'

const batchSize = settings.Messaging__ConsumeBatchSize
const topicAttribute = { 'messaging.destination.name': orderTopic }

/** Of each partition that waits: how often its first message failed, and how often by its own fault. */
const waiting = new Map<number, { failures: number; attempts: number }>()
const notWaiting = { failures: 0, attempts: 0 }

let fetchedAt = 0
const maxSilence = 10_000

/** Whether a partition waits, or Kafka has not answered for a while. */
export const isBehind = () => waiting.size > 0 || Date.now() - fetchedAt > maxSilence

/**
 * Consumes as a member of the group until the signal is aborted or the consumer crashes. What a partition has ready is handled in
 * batches of one transaction each, and the offsets follow the commits. A partition whose first message fails waits; the others go on.
 */
export async function consume(signal: AbortSignal): Promise<void> {
  await createTopics(orderTopic)
  const consumer = createConsumer('recommendations')
  const crashed = new Promise<never>((_, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error))
  })
  consumer.on(consumer.events.FETCH, () => (fetchedAt = Date.now()))
  // Another member may own the partitions by now.
  consumer.on(consumer.events.GROUP_JOIN, () => waiting.clear())
  const start = async () => {
    await consumer.connect()
    await consumer.subscribe({ topic: orderTopic, fromBeginning: true })
    await consumer.run({
      autoCommitInterval: 1_000,
      partitionsConsumedConcurrently: 3,
      eachBatchAutoResolve: false,
      eachBatch: handleFetched,
    })
    await crashed
  }
  try {
    await Promise.race([once(signal, 'abort'), crashed, start()])
  } finally {
    waiting.clear()
    // Leaves the group, so that other consumers take over at once.
    await consumer.disconnect()
  }
}

/** Handles what one fetch brought of one partition, in batches. After a failure the rest of it is fetched again. */
async function handleFetched(payload: EachBatchPayload): Promise<void> {
  const { partition, messages, highWatermark } = payload.batch
  for (let at = 0; at < messages.length && payload.isRunning() && !payload.isStale(); at += batchSize) {
    const part = messages.slice(at, at + batchSize)
    try {
      await handle(payload, part)
    } catch (error) {
      // KafkaJS answers its own errors: it joins the group again, or the consumer crashes and is replaced.
      if (error instanceof Error && error.name.startsWith('KafkaJS')) throw error
      const { failures: earlier, attempts } = waiting.get(partition) ?? notWaiting
      const failures = earlier + 1
      waiting.set(partition, { failures, attempts })
      const delay = backoffAfter(failures)
      logger.warn({ topic: orderTopic, partition, failures, attempts, delay, err: error }, 'Handling failed; the partition waits')
      instruments.retries.add(1, topicAttribute)
      setTimeout(payload.pause(), delay).unref()
      return
    }
    const lag = Number(highWatermark) - Number(part.at(-1)?.offset) - 1
    instruments.lag.record(lag, { ...topicAttribute, 'messaging.destination.partition.id': partition })
    await payload.commitOffsetsIfNecessary()
  }
}

/** Handles messages in one transaction, then resolves their offsets. Where it fails, the halves show which message is at fault. */
async function handle(payload: EachBatchPayload, messages: readonly KafkaMessage[]): Promise<void> {
  const { partition } = payload.batch
  const [first, last] = [messages[0], messages.at(-1)] as [KafkaMessage, KafkaMessage]
  try {
    const events = messages.map(readEvent).filter((event) => event !== undefined)
    if (events.length > 0) await processBatch(events)
    instruments.skipped.add(messages.length - events.length, topicAttribute)
  } catch (error) {
    if (!(error instanceof Error) || isTransient(error)) throw error
    if (messages.length > 1) {
      const half = Math.ceil(messages.length / 2)
      await handle(payload, messages.slice(0, half))
      await handle(payload, messages.slice(half))
      return
    }
    const { failures, attempts: earlier } = waiting.get(partition) ?? notWaiting
    const attempts = earlier + 1
    waiting.set(partition, { failures, attempts })
    if (attempts < settings.Messaging__MaxAttempts && !(error instanceof UnreadableMessageError)) throw error
    await addDeadLetter(first, partition, error, attempts)
  }
  waiting.delete(partition)
  payload.resolveOffset(last.offset)
  await payload.heartbeat()
}
