/** Counts what happens, for whoever waits for a number. */
export class Tally {
  readonly #waiting = new Set<{ count: number; resolve: () => void }>()
  #count = 0

  get count(): number {
    return this.#count
  }

  readonly add = (): void => {
    this.#count += 1
    for (const waiter of this.#waiting) {
      if (this.#count < waiter.count) continue
      this.#waiting.delete(waiter)
      waiter.resolve()
    }
  }

  /** Resolves when it is that many, at once when it is already. */
  reached(count: number): Promise<void> {
    if (this.#count >= count) return Promise.resolve()
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.add({ count, resolve })
    return promise
  }
}
