import { Worker } from 'node:worker_threads'
import type { Name } from '@parley/shared/ids.ts'
import type { FoundRow, Sought } from './search-index.ts'
import { StoreError } from './store-error.ts'

/** To the thread, and back. */
export interface PartSearch {
  readonly id: number
  readonly sought: Sought
  readonly but: ReadonlySet<Name>
}
export interface PartsFound {
  readonly id: number
  readonly rows: FoundRow[]
}

interface Waiting {
  readonly resolve: (rows: FoundRow[]) => void
  readonly reject: (error: StoreError) => void
}

interface SearchLimits {
  readonly MAX_WAITING_SEARCHES: number
}

export interface SearchThreadOptions {
  /** Of the database. */
  readonly path: string
  readonly failed: (error: Error) => void
  readonly limits: SearchLimits
}

/** Compiled, the file beside this one has another name. */
const WORKER = new URL(import.meta.url.endsWith('.ts') ? './search-worker.ts' : './search-worker.js', import.meta.url)

/**
 * Runs searches beside the event loop, one after the other. The thread starts with the first of them, so that a directory that
 * nobody searches does not carry it; when it dies, those who wait are refused and the next search starts another.
 */
export class SearchThread {
  readonly #path: string
  readonly #failed: (error: Error) => void
  readonly #maxWaiting: number
  readonly #waiting = new Map<number, Waiting>()
  #worker: Worker | undefined
  #lastId = 0
  #isClosed = false

  constructor({ path, failed, limits }: SearchThreadOptions) {
    this.#path = path
    this.#failed = failed
    this.#maxWaiting = limits.MAX_WAITING_SEARCHES
  }

  /** Searches that have no answer yet. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** As SearchIndex does it. Rejects with StoreError `search-busy` when too many searches wait, `stopped` when the thread dies. */
  byPart(sought: Sought, but: ReadonlySet<Name>): Promise<FoundRow[]> {
    if (this.#isClosed) return Promise.reject(new StoreError('stopped', 'the directory has stopped'))
    if (this.#waiting.size >= this.#maxWaiting) {
      return Promise.reject(new StoreError('search-busy', `${this.#maxWaiting} searches are waiting; try again soon`))
    }
    const { promise, resolve, reject } = Promise.withResolvers<FoundRow[]>()
    const id = ++this.#lastId
    this.#waiting.set(id, { resolve, reject })
    this.#worker ??= this.#start()
    this.#worker.postMessage({ id, sought, but } satisfies PartSearch)
    return promise
  }

  /** Whoever still waits is refused. Twice is safe. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#worker?.terminate()
  }

  #start(): Worker {
    const worker = new Worker(WORKER, { workerData: this.#path })
    worker.on('message', ({ id, rows }: PartsFound) => {
      this.#waiting.get(id)?.resolve(rows)
      this.#waiting.delete(id)
    })
    worker.on('error', (error: unknown) => this.#failed(error instanceof Error ? error : new Error(String(error))))
    worker.on('exit', () => {
      this.#worker = undefined
      const error = new StoreError('stopped', 'the search ended before it had an answer; try again')
      for (const { reject } of this.#waiting.values()) reject(error)
      this.#waiting.clear()
    })
    // An open search keeps nobody from stopping: closing ends it.
    worker.unref()
    return worker
  }
}
