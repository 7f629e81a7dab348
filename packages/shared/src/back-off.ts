// Full jitter: each wait is drawn evenly from the whole span up to a ceiling that doubles with every failure. Those who lost
// the same server at the same moment come back spread over that span, not in waves.

interface BackOff {
  readonly minMs: number
  readonly maxMs: number
  /** Draws from [0, 1). */
  readonly random?: () => number
}

/** How long to wait after so many failures in a row, counted from 1: never less than `minMs`, never more than `maxMs`. */
export function backOffMs(failures: number, { minMs, maxMs, random = Math.random }: BackOff): number {
  const ceiling = Math.min(maxMs, minMs * 2 ** Math.min(failures, 32))
  return Math.round(minMs + random() * (ceiling - minMs))
}
