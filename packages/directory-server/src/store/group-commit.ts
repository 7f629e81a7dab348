import { sqliteCodeOf } from './sqlite-code.ts'
import { StoreError } from './store-error.ts'

export interface CommitLimits {
  /** In one transaction. */
  readonly MAX_COMMIT_WORKS: number
  /** Waiting for theirs. */
  readonly MAX_WAITING_WORKS: number
}

export interface Transactions {
  begin(): void
  commit(): void
  rollback(): void
}

/** One caller's work, and its promise. */
interface Waiting {
  perform(): void
  resolve(): void
  reject(error: unknown): void
}

type State = { name: 'open' } | { name: 'failed'; error: StoreError } | { name: 'closed' }

/**
 * Runs the work of one event-loop turn in one transaction: one fsync for all of it. A promise resolves after the COMMIT that
 * made its work durable. After an I/O error nothing is acknowledged any more: what the disk holds is then unknown.
 */
export class GroupCommit {
  readonly #transactions: Transactions
  readonly #limits: CommitLimits
  readonly #onFailed: (error: StoreError) => void
  #waiting: Waiting[] = []
  #isScheduled = false
  #state: State = { name: 'open' }

  constructor(transactions: Transactions, limits: CommitLimits, onFailed: (error: StoreError) => void) {
    this.#transactions = transactions
    this.#limits = limits
    this.#onFailed = onFailed
  }

  get state(): State['name'] {
    return this.#state.name
  }

  /** Works that wait for their transaction. */
  get waiting(): number {
    return this.#waiting.length
  }

  /**
   * Resolves with what `work` returned. `work` must touch the database only: it runs again when other work of its turn
   * throws. Rejects with the error of `work`, or with a StoreError.
   */
  run<T>(work: () => T): Promise<T> {
    const refusal = this.#refusal()
    if (refusal !== undefined) return Promise.reject(refusal)
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    let done = () => {}
    this.#waiting.push({
      perform: () => {
        const value = work()
        done = () => resolve(value)
      },
      resolve: () => done(),
      reject,
    })
    this.#schedule()
    return promise
  }

  /** Commits what waits; whatever comes later is refused. */
  close(): void {
    while (this.#waiting.length > 0) this.#commitNext()
    if (this.#state.name === 'open') this.#state = { name: 'closed' }
  }

  #refusal(): StoreError | undefined {
    if (this.#state.name === 'failed') return this.#state.error
    if (this.#state.name === 'closed') return new StoreError('stopped', 'the directory has stopped')
    if (this.#waiting.length >= this.#limits.MAX_WAITING_WORKS)
      return new StoreError('busy', 'too many writes are waiting')
    return undefined
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      this.#commitNext()
      if (this.#waiting.length > 0) this.#schedule()
    })
  }

  #commitNext(): void {
    const works = new Set(this.#waiting.splice(0, this.#limits.MAX_COMMIT_WORKS))
    while (works.size > 0) {
      const outcome = this.#attempt(works)
      switch (outcome.name) {
        case 'committed':
          for (const work of works) work.resolve()
          return
        case 'refused':
          works.delete(outcome.work)
          outcome.work.reject(outcome.error)
          break
        case 'full':
          for (const work of works) work.reject(outcome.error)
          return
        case 'failed':
          this.#fail(outcome.error, works)
          return
      }
    }
  }

  #attempt(works: Iterable<Waiting>): Attempt {
    let current: Waiting | undefined
    try {
      this.#transactions.begin()
      for (const work of works) {
        current = work
        work.perform()
      }
      current = undefined
      this.#transactions.commit()
      return { name: 'committed' }
    } catch (error) {
      try {
        this.#transactions.rollback()
      } catch (rollbackError) {
        return { name: 'failed', error: rollbackError }
      }
      return judge(error, current)
    }
  }

  #fail(cause: unknown, works: Iterable<Waiting>): void {
    const code = sqliteCodeOf(cause)
    const why = code === '' ? 'an unexpected error' : code
    const error = new StoreError('failed', `the database can no longer be written: ${why}`, { cause })
    this.#state = { name: 'failed', error }
    for (const work of [...works, ...this.#waiting.splice(0)]) work.reject(error)
    this.#onFailed(error)
  }
}

type Attempt =
  | { name: 'committed' }
  | { name: 'refused'; work: Waiting; error: unknown }
  | { name: 'full'; error: StoreError }
  | { name: 'failed'; error: unknown }

// What SQLite rolled back cleanly concerns one work or one turn; any other trouble of the disk ends all trust in it.
const DISK_ERRORS = /^SQLITE_(?:IOERR|CORRUPT|NOTADB|READONLY|CANTOPEN|PERM)/

function judge(error: unknown, work: Waiting | undefined): Attempt {
  const code = sqliteCodeOf(error)
  if (code === 'SQLITE_FULL') {
    return { name: 'full', error: new StoreError('full', 'the disk of the directory is full', { cause: error }) }
  }
  if (work === undefined || DISK_ERRORS.test(code)) return { name: 'failed', error }
  return { name: 'refused', work, error }
}
