import type { Clock } from '#clock.ts'

/** For a loop that works, waits, and may be called back to work before its time. */
export class Alarm {
  readonly #clock: Pick<Clock, 'after'>
  #wake: (() => void) | undefined
  #rung = false

  constructor(clock: Pick<Clock, 'after'>) {
    this.#clock = clock
  }

  /** Resolves after `ms`, or when it rings, or when `signal` aborts, whichever is first; without `ms` there is no time. One wait at a time. */
  async wait(ms: number | undefined, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    if (!this.#rung) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      const cancel = ms === undefined ? undefined : this.#clock.after(ms, resolve)
      signal.addEventListener('abort', this.#wake, { once: true })
      await promise
      cancel?.()
      signal.removeEventListener('abort', this.#wake)
      this.#wake = undefined
    }
    this.#rung = false
  }

  /** Ends the wait; with nobody waiting, the next one. */
  ring(): void {
    this.#rung = true
    this.#wake?.()
  }
}
