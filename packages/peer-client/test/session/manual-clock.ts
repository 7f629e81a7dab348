import type { Clock } from '@parley/shared/clock.ts'

/** Time that passes only when it is told to. */
export class ManualClock implements Clock {
  #nowMs = 0
  readonly #timers = new Map<symbol, { atMs: number; run: () => void }>()

  now(): number {
    return 1_700_000_000_000 + this.#nowMs
  }

  elapsedMs(): number {
    return this.#nowMs
  }

  after(ms: number, run: () => void): () => void {
    const id = Symbol('timer')
    this.#timers.set(id, { atMs: this.#nowMs + ms, run })
    return () => this.#timers.delete(id)
  }

  get timers(): number {
    return this.#timers.size
  }

  /** Runs what is due on the way, the earliest first. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms
    for (;;) {
      const due = [...this.#timers].filter(([, { atMs }]) => atMs <= untilMs).sort(([, a], [, b]) => a.atMs - b.atMs)[0]
      if (due === undefined) break
      const [id, { atMs, run }] = due
      this.#timers.delete(id)
      this.#nowMs = Math.max(this.#nowMs, atMs)
      run()
    }
    this.#nowMs = untilMs
  }
}
