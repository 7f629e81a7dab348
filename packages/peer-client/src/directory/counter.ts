import { DirectoryError } from './directory-error.ts'

/**
 * Numbers that rise with every use, also after a restart, without being stored: they follow the clock in milliseconds, and where
 * the clock was set back the directory names the number that it holds.
 */
export class Counter {
  readonly #now: () => number
  #last = 0

  constructor(now: () => number) {
    this.#now = now
  }

  /** `work` with a number above all before it; once more, above the directory's own, when that calls the first one stale. */
  async use<T>(work: (n: number) => Promise<T>): Promise<T> {
    try {
      return await work(this.#next())
    } catch (error) {
      const current = staleAt(error)
      if (current === undefined) throw error
      this.#last = Math.max(this.#last, current)
      return await work(this.#next())
    }
  }

  #next(): number {
    this.#last = Math.max(this.#last + 1, this.#now())
    return this.#last
  }
}

/** The number in force at the directory, when ours was refused as not above it. */
export function staleAt(error: unknown): number | undefined {
  return error instanceof DirectoryError && error.problem?.code === 'stale-seq' ? error.problem.current : undefined
}
