import type { KafkaMessage } from 'kafkajs'
import { deadLetterTopic, orderTopic } from '../contracts.js'
import { logger } from '../telemetry/telemetry.js'
import { instruments } from '../telemetry/messagingTelemetry.js'
import { createProducer } from './kafka.js'

/**
 * Writes a message to the dead-letter topic, in the form of shared/Messaging/Inbox/DeadLetters.cs. Returns when Kafka has acknowledged
 * it; if it does not, the consumer must not go on, because the message would be lost.
 */
export async function addDeadLetter(message: KafkaMessage, partition: number, error: Error, attempts: number): Promise<void> {
  const kept = Object.entries(message.headers ?? {}).filter(([name]) => !name.startsWith('dlq_'))
  const added = {
    dlq_topic: orderTopic,
    dlq_partition: `${partition}`,
    dlq_offset: message.offset,
    dlq_group: 'recommendations',
    dlq_time: new Date().toISOString(),
    dlq_attempts: `${attempts}`,
    dlq_error_type: error.constructor.name,
    dlq_error: error.message.slice(0, 1000),
  }
  const letter = { key: message.key, value: message.value, headers: { ...Object.fromEntries(kept), ...added } }
  const topic = deadLetterTopic(orderTopic)
  const producer = createProducer()
  try {
    await producer.connect()
    await producer.send({ topic, messages: [letter] }).catch((failure: unknown) => {
      if (!isTooLarge(failure)) throw failure
      // The message stays in its topic, and the letter names the position.
      const headers = { ...letter.headers, dlq_omitted_bytes: `${message.value?.length ?? 0}` }
      return producer.send({ topic, messages: [{ ...letter, value: null, headers }] })
    })
  } finally {
    await producer.disconnect()
  }
  instruments.deadLetters.add(1, { 'messaging.destination.name': orderTopic, 'error.type': error.name })
  logger.error({ topic: orderTopic, partition, offset: message.offset, attempts, err: error }, 'Dead-lettered a message')
}

/** Whether Kafka answered so, directly or as the cause of the client's error. */
const isTooLarge = (error: unknown): boolean =>
  error instanceof Error && (('type' in error && error.type === 'MESSAGE_TOO_LARGE') || isTooLarge(error.cause))
