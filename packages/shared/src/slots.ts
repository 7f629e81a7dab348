interface SlotOptions {
  /** Giving up while still in line rejects with the reason of the signal. */
  readonly signal?: AbortSignal | undefined
  readonly isUrgent?: boolean
}

/** At most so many pieces of work at once. The others wait in line, the urgent ones in a line of their own that goes first. */
export class Slots {
  #free: number
  readonly #urgent = new Set<() => void>()
  readonly #others = new Set<() => void>()

  constructor(count: number) {
    this.#free = count
  }

  async run<T>(work: () => Promise<T>, { signal, isUrgent = false }: SlotOptions = {}): Promise<T> {
    signal?.throwIfAborted()
    if (this.#free > 0) this.#free -= 1
    else await this.#inLine(isUrgent ? this.#urgent : this.#others, signal)
    try {
      return await work()
    } finally {
      this.#next()
    }
  }

  async #inLine(line: Set<() => void>, signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const giveUp = () => {
      line.delete(resolve)
      reject(signal?.reason)
    }
    line.add(resolve)
    signal?.addEventListener('abort', giveUp, { once: true })
    await promise.finally(() => signal?.removeEventListener('abort', giveUp))
  }

  /** The slot goes to whoever is next without ever being free in between, so that nobody jumps the line. */
  #next(): void {
    for (const line of [this.#urgent, this.#others]) {
      for (const resolve of line) {
        line.delete(resolve)
        resolve()
        return
      }
    }
    this.#free += 1
  }
}
