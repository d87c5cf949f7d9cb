import { setTimeout } from 'node:timers/promises'
import { settings } from '../settings.js'
import { logger } from '../telemetry/telemetry.js'

/** Returns an exponential delay with 25 % of jitter either way, so that clients that failed together do not retry together. */
export function backoffAfter(failures: number): number {
  const delay = Math.min(settings.Messaging__MinBackoff * 2 ** (failures - 1), settings.Messaging__MaxBackoff)
  return delay * (0.75 + Math.random() / 2)
}

/** Waits; returns at once when the signal is aborted. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await setTimeout(milliseconds, undefined, { signal })
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

/** Repeats work that fails until it is done or the signal is aborted. Work that ran for a while begins with the shortest delay. */
export async function untilDone(name: string, work: () => Promise<void>, signal: AbortSignal): Promise<void> {
  for (let failures = 0; !signal.aborted;) {
    const begun = Date.now()
    try {
      await work()
      return
    } catch (error) {
      failures = Date.now() - begun > 2 * settings.Messaging__MaxBackoff ? 1 : failures + 1
      const delay = backoffAfter(failures)
      logger.warn({ attempt: failures, delay, err: error }, `${name} failed; repeating it`)
      await pause(delay, signal)
    }
  }
}
