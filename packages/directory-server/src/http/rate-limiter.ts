export interface RateLimiterOptions {
  /** So many at once, and so many in `perMs` in the long run. */
  readonly count: number
  readonly perMs: number
  /** Keys remembered; beyond it the one that was silent longest is forgotten. */
  readonly maxKeys: number
  /** Milliseconds that only ever rise. */
  readonly elapsedMs?: () => number
}

/**
 * A bucket of tokens for each key, kept as one number: when the bucket is full again (the generic cell rate algorithm of ITU-T
 * I.371). Bounded and synchronous, which the libraries are not: docs/decisions say more.
 */
export class RateLimiter {
  readonly #perMs: number
  readonly #everyMs: number
  readonly #maxKeys: number
  readonly #elapsedMs: () => number
  /** The key that was silent longest comes first. */
  readonly #fullAt = new Map<string, number>()

  constructor({ count, perMs, maxKeys, elapsedMs = () => performance.now() }: RateLimiterOptions) {
    this.#perMs = perMs
    this.#everyMs = perMs / count
    this.#maxKeys = maxKeys
    this.#elapsedMs = elapsedMs
  }

  get size(): number {
    return this.#fullAt.size
  }

  /** Takes tokens of the key: 0, or the milliseconds until there will be so many. Nobody needs more than a full bucket. */
  take(key: string, tokens = 1): number {
    const now = this.#elapsedMs()
    const known = this.#fullAt.get(key)
    if (known === undefined) this.#makeRoom(now)
    else this.#fullAt.delete(key)
    const fullAt = Math.max(known ?? now, now)
    const takenMs = Math.min(tokens * this.#everyMs, this.#perMs)
    const waitMs = fullAt + takenMs - this.#perMs - now
    // A rounding error of floating point is not worth a refusal.
    const isRefused = waitMs > 1e-6
    this.#fullAt.set(key, isRefused ? fullAt : fullAt + takenMs)
    return isRefused ? waitMs : 0
  }

  /** Two at a time, so that full buckets, which say nothing, go faster than new keys come. */
  #makeRoom(now: number): void {
    let left = 2
    for (const [key, fullAt] of this.#fullAt) {
      if (left === 0 || (fullAt > now && this.#fullAt.size < this.#maxKeys)) return
      this.#fullAt.delete(key)
      left -= 1
    }
  }
}
