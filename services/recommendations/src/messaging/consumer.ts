import { once } from 'node:events'
import type { EventType } from '@forgeshop/forge-id/contracts'
import type { Consumer, EachBatchPayload, KafkaMessage } from 'kafkajs'
import { isHandled, readOrderEvent } from '../contracts/events.js'
import type { ShopIds } from '../contracts/ids.js'
import { isTransient } from '../data/transientErrors.js'
import { headerText, readContext, typeOf, UnreadableMessageError } from './cloudEvents.js'
import type { MessagingContext } from './context.js'
import type { DeadLetters, WaitContext, Place } from './deadLetters.js'
import type { Inbox, IncomingEvent } from './inbox.js'
import { backoffAfter, pause } from './waiting.js'

const parallelPartitions = 3
const commitInterval = 1_000
const heartbeatInterval = 2_000

/** The handling of what one fetch brought of one partition. */
interface Turn extends WaitContext {
  readonly place: Place
  resolveOffset(offset: string): void
  /** Whether another consumer owns the partition by now, or the service stops. */
  isOver(): boolean
}

/**
 * One consumer of the group. What a partition has ready is handled in batches of one transaction each, and the offsets follow the commits.
 * A batch that fails is handled message by message, so that a failing message delays its partition only.
 */
export class EventConsumer {
  constructor(
    private readonly context: MessagingContext,
    private readonly topics: readonly string[],
    private readonly inbox: Inbox,
    private readonly deadLetters: DeadLetters,
    private readonly ids: ShopIds,
  ) {}

  /** Consumes until the signal is aborted. A consumer that crashes is replaced. */
  async run(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted;) {
      const consumer = this.context.kafka.consumer(this.context.service)
      try {
        await this.context.kafka.createTopics(this.topics)
        await this.#consume(consumer, signal, () => (failures = 0))
      } catch (error) {
        const delay = backoffAfter(++failures, this.context.settings.minBackoff, this.context.settings.maxBackoff)
        this.context.logger.warn({ attempt: failures, delay, err: error }, 'The consumer failed; replacing it')
        await pause(delay, signal)
      } finally {
        this.context.state.lag.clear()
        this.context.state.waitingPartitions.clear()
        // Leaves the group, so that other consumers take over at once.
        await consumer.disconnect()
      }
    }
    await this.deadLetters.close()
  }

  async #consume(consumer: Consumer, signal: AbortSignal, onProgress: () => void): Promise<void> {
    const crashed = new Promise<never>((_, reject) => {
      consumer.on(consumer.events.CRASH, (event) => {
        reject(event.payload.error)
      })
    })
    await consumer.connect()
    await consumer.subscribe({ topics: [...this.topics], fromBeginning: true })
    await consumer.run({
      autoCommitInterval: commitInterval,
      partitionsConsumedConcurrently: parallelPartitions,
      eachBatchAutoResolve: false,
      eachBatch: async (payload) => {
        onProgress()
        await this.#handleFetched(payload, signal)
      },
    })
    if (!signal.aborted) await Promise.race([crashed, once(signal, 'abort')])
  }

  /** Handles what one fetch brought of one partition, in batches; the offsets are resolved after the commits. */
  async #handleFetched(payload: EachBatchPayload, signal: AbortSignal): Promise<void> {
    const { topic, partition, messages, highWatermark } = payload.batch
    const turn: Turn = {
      place: { topic, partition },
      resolveOffset: (offset) => {
        payload.resolveOffset(offset)
      },
      heartbeat: () => payload.heartbeat(),
      isOver: () => !payload.isRunning() || payload.isStale() || signal.aborted,
      signal,
    }
    for (let at = 0; at < messages.length; at += this.context.settings.consumeBatchSize) {
      const part = messages.slice(at, at + this.context.settings.consumeBatchSize)
      if (!(await this.#handlePart(turn, part))) return
      const handled = Number(part.at(-1)?.offset) + 1
      this.context.state.lag.set(keyOf(turn.place), { topic, partition, messages: Number(highWatermark) - handled })
      await payload.commitOffsetsIfNecessary()
      await payload.heartbeat()
    }
  }

  /** Handles messages together, and where that fails one by one. Returns false if the partition was given away meanwhile. */
  async #handlePart(turn: Turn, part: readonly KafkaMessage[]): Promise<boolean> {
    let [rest, alone, attempts, failures] = [part, false, 0, 0]
    while (rest.length > 0) {
      if (turn.isOver()) return false
      const next = alone ? rest.slice(0, 1) : rest
      const [first, last] = [next[0], next.at(-1)] as [KafkaMessage, KafkaMessage]
      const error = await this.#attempt(turn, next)
      if (error !== undefined) {
        const isStoreAway = isTransient(error)
        if (!isStoreAway && next.length > 1) {
          alone = true
          continue
        }
        if (isStoreAway || ++attempts < this.context.settings.maxAttempts) {
          await this.#wait(turn, first, ++failures, error, isStoreAway)
          continue
        }
        await this.deadLetters.add(turn, first, error, attempts)
        alone = false // The failing message is out, so the rest is a batch again.
      }
      attempts = failures = 0
      this.context.state.waitingPartitions.delete(keyOf(turn.place))
      turn.resolveOffset(last.offset)
      rest = rest.slice(next.length)
    }
    return true
  }

  /** Handles messages in one transaction; those that no attempt can make readable are dead-lettered after its commit. */
  async #attempt(turn: Turn, messages: readonly KafkaMessage[]): Promise<Error | undefined> {
    const readable: IncomingEvent[] = []
    const unreadable: [KafkaMessage, Error][] = []
    for (const message of messages) {
      try {
        const event = this.#read(turn.place.topic, message)
        if (event) readable.push(event)
        else this.context.metrics.skipped.add(1, { 'messaging.destination.name': turn.place.topic })
      } catch (error) {
        if (!(error instanceof UnreadableMessageError)) throw error
        unreadable.push([message, error])
      }
    }
    try {
      if (readable.length > 0) await this.inbox.process(readable)
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error))
    }
    for (const [message, error] of unreadable) await this.deadLetters.add(turn, message, error, 1)
    return undefined
  }

  /**
   * Returns the event; undefined if the service does not handle it: a type without a handler, a tombstone, a foreign message, or a copy that
   * an operator retries for another consumer group.
   */
  #read(topic: string, message: KafkaMessage): IncomingEvent | undefined {
    const type = typeOf(message)
    if (type === undefined || message.value === null || !isHandled(topic, type)) return undefined
    const group = headerText(message.headers, 'dlq_group')
    if (group !== undefined && group !== this.context.service) return undefined
    const context = readContext(message, this.ids)
    try {
      return { context, data: readOrderEvent(type as EventType, context.dataVersion, message.value), topic, offset: message.offset }
    } catch (error) {
      // Whatever the reason is, it depends on nothing but the message.
      throw new UnreadableMessageError(error instanceof Error ? error.message : String(error))
    }
  }

  /** Backs off. The heartbeats go on, so that the group keeps this member. */
  async #wait(turn: Turn, message: KafkaMessage, failures: number, error: Error, isStoreAway: boolean): Promise<void> {
    const delay = backoffAfter(failures, this.context.settings.minBackoff, this.context.settings.maxBackoff)
    const fields = { ...turn.place, offset: message.offset, attempt: failures, delay, err: error }
    this.context.logger.warn(fields, `Handling failed (${isStoreAway ? 'the store is unavailable' : 'counted'}); retrying`)
    this.context.metrics.retries.add(1, { 'messaging.destination.name': turn.place.topic })
    this.context.state.waitingPartitions.add(keyOf(turn.place))
    for (let rest = delay; rest > 0 && !turn.isOver(); rest -= heartbeatInterval) {
      await pause(Math.min(rest, heartbeatInterval), turn.signal)
      await turn.heartbeat()
    }
  }
}

const keyOf = ({ topic, partition }: Place) => `${topic}-${partition}`
