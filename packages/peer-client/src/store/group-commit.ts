import { timed } from '@parley/shared/spans.ts'
import { systemErrorCode } from '@parley/shared/system-error.ts'
import type { Statement } from 'better-sqlite3'
import type { Database } from './database.ts'
import { DatabaseError } from './database-error.ts'

interface Job {
  readonly work: () => unknown
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

/**
 * One transaction, one fsync, for all that a turn of the event loop wants to write. A promise resolves after the commit.
 *
 * `work` runs synchronously inside the transaction and must have no effect but on the database: when one piece of work throws,
 * the whole transaction is rolled back, that promise rejects, and the others run again.
 */
export class GroupCommit {
  readonly #database: Database
  readonly #onBroken: (error: Error) => void
  readonly #schedule: (flush: () => void) => void
  readonly #begin: Statement<[]>
  readonly #commit: Statement<[]>
  #jobs: Job[] = []
  #scheduled = false
  /** Why nothing can be committed any more. */
  #refusal: Error | undefined

  /** `onBroken`: a commit failed, so the disk cannot be trusted; nothing is accepted or acknowledged from then on. */
  constructor(
    database: Database,
    onBroken: (error: Error) => void,
    schedule: (flush: () => void) => void = setImmediate,
  ) {
    this.#database = database
    this.#onBroken = onBroken
    this.#schedule = schedule
    this.#begin = database.prepare('BEGIN IMMEDIATE')
    this.#commit = database.prepare('COMMIT')
  }

  /** Rejects with what `work` threw, or with the reason why nothing can be committed any more. */
  run<T>(work: () => T): Promise<T> {
    return this.#add(work, (job) => this.#jobs.push(job))
  }

  /**
   * Before what waits already. For work that deletes: SQLite gives the room at once to what the transaction then inserts, and need
   * not write the same pages twice, wiped and filled.
   */
  runFirst<T>(work: () => T): Promise<T> {
    return this.#add(work, (job) => this.#jobs.unshift(job))
  }

  #add<T>(work: () => T, put: (job: Job) => void): Promise<T> {
    if (this.#refusal !== undefined) return Promise.reject(this.#refusal)
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    let result: T
    put({
      work: () => {
        result = work()
      },
      resolve: () => resolve(result),
      reject,
    })
    if (!this.#scheduled) {
      this.#scheduled = true
      this.#schedule(() => this.flush())
    }
    return promise
  }

  /** Commits what waits, now. */
  flush(): void {
    this.#scheduled = false
    let jobs = this.#jobs
    this.#jobs = []
    while (jobs.length > 0) {
      const tried = jobs
      const failed = timed('commit', () => this.#tryAll(tried))
      if (failed === undefined) return
      jobs = jobs.filter((job) => job !== failed)
    }
  }

  /** Commits what waits. Whatever is asked afterwards is refused: whoever comes too late has met no failing disk. */
  close(): void {
    this.flush()
    this.#refusal ??= new DatabaseError('closed', 'the profile is closed: nothing is written any more')
  }

  /** The job that threw and was left out, or undefined when all are settled. */
  #tryAll(jobs: readonly Job[]): Job | undefined {
    let running: Job | undefined
    try {
      this.#begin.run()
      for (const job of jobs) {
        running = job
        job.work()
      }
      running = undefined
      this.#commit.run()
    } catch (error) {
      // A full disk or a failed write makes SQLite roll back by itself; the job that met it is not to blame.
      const isStorageError = running === undefined || isIoError(error)
      try {
        if (this.#database.inTransaction) this.#database.exec('ROLLBACK')
      } catch (rollbackError) {
        this.#break(rollbackError, jobs)
        return undefined
      }
      if (isStorageError) {
        this.#break(error, jobs)
        return undefined
      }
      running?.reject(error)
      return running
    }
    for (const job of jobs) job.resolve(undefined)
    return undefined
  }

  #break(error: unknown, jobs: readonly Job[]): void {
    const cause = error instanceof Error ? error : new Error(String(error))
    const broken = new StorageError(`the profile cannot be written: ${cause.message}`, { cause })
    this.#refusal = broken
    for (const job of [...jobs, ...this.#jobs.splice(0)]) job.reject(broken)
    this.#onBroken(broken)
  }
}

/** The disk is full, gone or lying. What was promised before stays promised; nothing new is. */
export class StorageError extends Error {
  override readonly name = 'StorageError'
  readonly code = 'storage-failed'
}

function isIoError(error: unknown): boolean {
  return /^SQLITE_(IOERR|FULL|READONLY|CORRUPT|NOTADB|CANTOPEN)/.test(systemErrorCode(error) ?? '')
}
