import type { Clock } from '@parley/shared/clock.ts'

/** Time that passes only when told to. */
export class FakeClock implements Clock {
  #timeMs = 0
  readonly #timers = new Set<{ at: number; run: () => void }>()
  readonly #start = Date.parse('2026-01-01T00:00:00Z')

  now(): number {
    return this.#start + this.#timeMs
  }

  elapsedMs(): number {
    return this.#timeMs
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.#timeMs + ms, run }
    this.#timers.add(timer)
    return () => void this.#timers.delete(timer)
  }

  get timers(): number {
    return this.#timers.size
  }

  /** When the next timer is due, in milliseconds from now. */
  get nextInMs(): number | undefined {
    const due = [...this.#timers].map((timer) => timer.at)
    return due.length === 0 ? undefined : Math.min(...due) - this.#timeMs
  }

  /** Lets time pass, and what is due happen in its order; promises that this settles run before the next. */
  async advance(ms: number): Promise<void> {
    const end = this.#timeMs + ms
    for (;;) {
      await settled()
      const next = [...this.#timers].filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0]
      if (next === undefined) break
      this.#timeMs = next.at
      this.#timers.delete(next)
      next.run()
    }
    this.#timeMs = end
    await settled()
  }
}

/** After everything that only waits for promises has happened. */
export async function settled(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve))
}
