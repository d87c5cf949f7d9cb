import { setTimeout } from 'node:timers/promises'

/** Returns an exponential delay with 25 % of jitter either way, so that clients that failed together do not retry together. */
export function backoffAfter(failures: number, first: number, longest: number): number {
  return Math.min(first * 2 ** Math.min(failures - 1, 20), longest) * (0.75 + Math.random() / 2)
}

/** Waits; returns at once when the signal is aborted. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await setTimeout(milliseconds, undefined, { signal })
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

/** Wakes a waiting loop. Signals during the work are merged into one. */
export class WakeUp {
  #isSet = false
  #wake: AbortController | undefined

  set(): void {
    this.#isSet = true
    this.#wake?.abort()
  }

  /** Waits for a signal, at most for the given time. */
  async wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    if (!this.#isSet) {
      this.#wake = new AbortController()
      await pause(milliseconds, AbortSignal.any([signal, this.#wake.signal]))
    }
    this.#isSet = false
  }
}
