import { Worker } from 'node:worker_threads'
import { MATCH_THREAD_IDLE_MS } from '@parley/shared/limits.ts'
import type { DatabaseKey } from './database-key.ts'
import { MatchError } from './match-error.ts'
import type { MatchQuestion } from './word-matches.ts'

/** The first message to the thread. */
export interface Opening {
  /** Of the database. */
  readonly file: string
  /** In memory only, as the one of the connection that writes. */
  readonly key: DatabaseKey | undefined
}

interface MatchThreadOptions extends Opening {
  /** Why the thread died. */
  readonly onDied: (error: Error) => void
  /** The thread ends when nobody asked for so long. */
  readonly idleMs?: number | undefined
}

interface Asked {
  readonly question: MatchQuestion
  readonly resolve: (entries: number[]) => void
  readonly reject: (error: unknown) => void
}

/** Compiled, the file beside this one has another name. */
const WORKER = new URL(import.meta.url.endsWith('.ts') ? './match-worker.ts' : './match-worker.js', import.meta.url)

/**
 * Asks the index of words beside the event loop, one question after the other, so that nothing waits for a slow one but the next.
 * The thread starts with a question and ends when there was none for a while: a peer that nobody searches does not carry it. When
 * it dies, those who wait are refused and the next question starts another.
 */
export class MatchThread {
  readonly #opening: Opening
  readonly #onDied: (error: Error) => void
  readonly #idleMs: number
  /** No more than there are searches (MAX_MESSAGE_SEARCHES): each waits for its answer before it asks again. */
  readonly #waiting = new Set<Asked>()
  /** Whoever asked may have gone away meanwhile. */
  #running: Asked | undefined
  #worker: Worker | undefined
  #ending: Promise<unknown> = Promise.resolve()
  #idle: NodeJS.Timeout | undefined
  #isStopped = false

  constructor({ file, key, onDied, idleMs = MATCH_THREAD_IDLE_MS }: MatchThreadOptions) {
    this.#opening = { file, key }
    this.#onDied = onDied
    this.#idleMs = idleMs
  }

  get isRunning(): boolean {
    return this.#worker !== undefined
  }

  /**
   * As WordMatches does it, of what is committed now. When the signal aborts, a question that waits is dropped; of one that SQLite
   * works at already, the answer. Rejects with MatchError.
   */
  async match(question: MatchQuestion, signal?: AbortSignal): Promise<number[]> {
    signal?.throwIfAborted()
    if (this.#isStopped) throw stopped()
    const { promise, resolve, reject } = Promise.withResolvers<number[]>()
    const asked = { question, resolve, reject }
    const leave = () => {
      this.#waiting.delete(asked)
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', leave, { once: true })
    this.#waiting.add(asked)
    this.#goOn()
    try {
      return await promise
    } finally {
      signal?.removeEventListener('abort', leave)
    }
  }

  /** Whoever waits is refused. Resolves when the connection is closed: SQLite ends what it works at first. Twice is safe. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#refuse(stopped())
    this.#end()
    await this.#ending
  }

  #goOn(): void {
    if (this.#running !== undefined) return
    clearTimeout(this.#idle)
    const [next] = this.#waiting
    if (next === undefined) {
      this.#idle = setTimeout(() => this.#end(), this.#idleMs).unref()
      return
    }
    this.#waiting.delete(next)
    this.#running = next
    this.#worker ??= this.#start()
    this.#worker.postMessage(next.question)
  }

  #end(): void {
    clearTimeout(this.#idle)
    const ends = this.#worker?.terminate()
    this.#worker = undefined
    this.#ending = Promise.all([this.#ending, ends])
  }

  #start(): Worker {
    const worker = new Worker(WORKER, { name: 'search' })
    let cause: unknown
    worker.on('message', (entries: number[]) => {
      if (this.#worker !== worker) return
      this.#running?.resolve(entries)
      this.#running = undefined
      this.#goOn()
    })
    worker.on('error', (error: unknown) => {
      cause = error
    })
    worker.on('exit', () => {
      if (this.#worker !== worker) return
      this.#worker = undefined
      const died = new MatchError('died', 'the search ended before it had an answer; try again', { cause })
      this.#onDied(died)
      this.#refuse(died)
    })
    // It keeps no process from ending.
    worker.unref()
    worker.postMessage(this.#opening)
    return worker
  }

  #refuse(error: MatchError): void {
    for (const { reject } of [this.#running, ...this.#waiting].filter((asked) => asked !== undefined)) reject(error)
    this.#running = undefined
    this.#waiting.clear()
  }
}

function stopped(): MatchError {
  return new MatchError('stopped', 'the peer has stopped')
}
