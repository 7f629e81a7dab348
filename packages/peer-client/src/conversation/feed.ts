import { MAX_EVENT_BACKLOG } from '@parley/shared/limits.ts'

export class FellBehindError extends Error {
  override readonly name = 'FellBehindError'
  readonly code = 'fell-behind'
}

/** A broadcast: every reader gets what is published from when it began to read. */
export class Feed<T> {
  readonly #readers = new Set<FeedReader<T>>()
  readonly #maxBacklog: number
  readonly #onPublish: (event: T) => void

  /** `onPublish` hears every event at once, and is never cut off. */
  constructor(maxBacklog = MAX_EVENT_BACKLOG, onPublish: (event: T) => void = () => undefined) {
    this.#maxBacklog = maxBacklog
    this.#onPublish = onPublish
  }

  publish(event: T): void {
    this.#onPublish(event)
    for (const reader of this.#readers) reader.push(event)
  }

  /** Reads from this call on, not from the first `next`. Dispose of it, or iterate it to its end. */
  read(signal: AbortSignal): FeedReader<T> {
    const reader = new FeedReader<T>(signal, this.#maxBacklog, () => this.#readers.delete(reader))
    if (!signal.aborted) this.#readers.add(reader)
    return reader
  }
}

/** Ends when the signal aborts; throws FellBehindError when too much waits unread. */
export class FeedReader<T> implements AsyncIterable<T>, Disposable {
  readonly #signal: AbortSignal
  readonly #maxBacklog: number
  readonly #leave: () => void
  #waiting: T[] = []
  #fellBehind = false
  #isClosed = false
  #wake: () => void = () => undefined

  constructor(signal: AbortSignal, maxBacklog: number, leave: () => void) {
    this.#signal = signal
    this.#maxBacklog = maxBacklog
    this.#leave = leave
    if (signal.aborted) this.#isClosed = true
    else signal.addEventListener('abort', this.#close, { once: true })
  }

  push(event: T): void {
    if (this.#fellBehind) return
    this.#fellBehind = this.#waiting.length >= this.#maxBacklog
    if (this.#fellBehind) this.#waiting = []
    else this.#waiting.push(event)
    this.#wake()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    try {
      while (!this.#isClosed) {
        if (this.#fellBehind) throw new FellBehindError(`more than ${this.#maxBacklog} events were waiting to be read`)
        const batch = this.#waiting
        this.#waiting = []
        yield* batch
        if (this.#waiting.length > 0 || this.#fellBehind || this.#isClosed) continue
        const { promise, resolve } = Promise.withResolvers<void>()
        this.#wake = resolve
        await promise
      }
    } finally {
      this.#close()
    }
  }

  [Symbol.dispose](): void {
    this.#close()
  }

  readonly #close = (): void => {
    this.#isClosed = true
    this.#signal.removeEventListener('abort', this.#close)
    this.#leave()
    this.#wake()
  }
}
