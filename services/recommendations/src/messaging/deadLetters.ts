import type { IHeaders, KafkaMessage, Message, Producer } from 'kafkajs'
import { deadLetterTopic } from '../contracts/events.js'
import type { MessagingContext } from './context.js'
import { hasErrorType } from './kafka.js'
import { backoffAfter, pause } from './waiting.js'

/** The position of a consumed message. */
export interface Place {
  readonly topic: string
  readonly partition: number
}

/** What a wait needs: the group keeps a member that sends heartbeats, and the service may stop. */
export interface WaitContext {
  heartbeat(): Promise<void>
  readonly signal: AbortSignal
}

const prefix = 'dlq_'
const maxHeaderLength = 1000

/** Writes messages that cannot be handled to the dead-letter topic, in the form of shared/Messaging/Inbox/DeadLetters.cs. */
export class DeadLetters {
  #producer: Producer | undefined

  constructor(private readonly context: MessagingContext) {}

  /** Returns when Kafka has acknowledged the letter. Until then the consumer waits: going on without it would lose the message. */
  async add(turn: WaitContext & { place: Place }, message: KafkaMessage, error: Error, attempts: number): Promise<void> {
    const place = turn.place
    let letter = this.#write(place, message, error, attempts)
    for (let failures = 1; ; failures++) {
      try {
        await this.#send(deadLetterTopic(place.topic), letter)
        break
      } catch (failure) {
        if (hasErrorType(failure, 'MESSAGE_TOO_LARGE')) letter = withoutValue(letter)
        const delay = backoffAfter(failures, this.context.settings.minBackoff, this.context.settings.maxBackoff)
        this.context.logger.warn(
          { ...place, offset: message.offset, attempt: failures, delay, err: failure },
          'Dead-lettering failed; retrying',
        )
        await this.close()
        await pause(delay, turn.signal)
        turn.signal.throwIfAborted()
        await turn.heartbeat()
      }
    }
    this.context.metrics.deadLetters.add(1, { 'messaging.destination.name': place.topic, 'error.type': error.name })
    this.context.logger.error({ ...place, offset: message.offset, attempts, err: error }, 'Dead-lettered a message')
  }

  async close(): Promise<void> {
    const producer = this.#producer
    this.#producer = undefined
    await producer?.disconnect()
  }

  async #send(topic: string, letter: Message): Promise<void> {
    if (!this.#producer) {
      const producer = this.context.kafka.producer()
      await producer.connect()
      this.#producer = producer
    }
    await this.#producer.send({ topic, acks: -1, messages: [letter] })
  }

  #write(place: Place, message: KafkaMessage, error: Error, attempts: number): Message {
    const kept = Object.entries(message.headers ?? {}).filter(([name]) => !name.startsWith(prefix))
    const added: Record<string, string> = {
      dlq_topic: place.topic,
      dlq_partition: `${place.partition}`,
      dlq_offset: message.offset,
      dlq_group: this.context.service,
      dlq_time: new Date().toISOString(),
      dlq_attempts: `${attempts}`,
      dlq_error_type: error.constructor.name,
      dlq_error: error.message,
    }
    const shortened = Object.entries(added).map(([name, value]) => [name, value.slice(0, maxHeaderLength)] as const)
    return { key: message.key, value: message.value, headers: Object.fromEntries<IHeaders[string]>([...kept, ...shortened]) }
  }
}

/** The message stays in its topic, and the letter names the position. */
function withoutValue(letter: Message): Message {
  const size = (value: unknown) => (typeof value === 'string' || Buffer.isBuffer(value) ? value.length : Infinity)
  const headers = Object.fromEntries(Object.entries(letter.headers ?? {}).filter(([, value]) => size(value) <= maxHeaderLength))
  if (letter.value !== null) headers.dlq_omitted_bytes = `${letter.value.length}`
  return { key: size(letter.key) <= maxHeaderLength ? (letter.key ?? null) : null, value: null, headers }
}
