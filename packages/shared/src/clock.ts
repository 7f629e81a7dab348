/** Time as a program needs it. Tests and simulations bring their own. */
export interface Clock {
  /** Unix milliseconds. It can jump. */
  now(): number
  /** Milliseconds that only ever rise, for every duration. */
  elapsedMs(): number
  /** Runs once, later; the function returned calls it off. */
  after(ms: number, run: () => void): () => void
}

export const systemClock: Clock = {
  now: Date.now,
  elapsedMs: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}
