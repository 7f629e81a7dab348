// Full jitter: each wait is drawn evenly from zero to a ceiling that doubles with every failure. Those who lost the same server
// at the same moment come back spread over the whole span instead of in waves.
import { setTimeout } from 'node:timers/promises'

/** Resolves after `ms`, or rejects with an AbortError as soon as `signal` aborts. */
export type Delay = (ms: number, signal: AbortSignal) => Promise<void>

export const delay: Delay = (ms, signal) => setTimeout(ms, undefined, { signal })

interface BackOff {
  readonly minMs: number
  readonly maxMs: number
  /** Draws from [0, 1). */
  readonly random?: () => number
}

/** How long to wait after so many failures in a row: never less than `minMs`, never more than `maxMs`. */
export function backOffMs(failures: number, { minMs, maxMs, random = Math.random }: BackOff): number {
  const ceiling = Math.min(maxMs, minMs * 2 ** Math.min(failures, 52))
  return Math.round(minMs + random() * (ceiling - minMs))
}
