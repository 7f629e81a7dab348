import { MAX_EVENT_BACKLOG } from '@parley/shared/limits.ts'
import type { DaemonEvent } from '@parley/shared/local-api/events.ts'
import { RequestError } from './daemon.ts'

/** One event to every reader. None of them makes the others or the daemon wait: who falls behind is cut off. */
export class EventBroadcast {
  readonly #readers = new Set<Reader>()

  get readers(): number {
    return this.#readers.size
  }

  publish(event: DaemonEvent): void {
    for (const reader of this.#readers) reader.take(event)
  }

  /**
   * Everything from this call on, until the signal aborts. Throws RequestError `too-slow` when more than MAX_EVENT_BACKLOG events
   * wait to be read.
   */
  subscribe(signal: AbortSignal): AsyncIterable<DaemonEvent> {
    const reader = new Reader(() => {
      this.#readers.delete(reader)
      signal.removeEventListener('abort', end)
    })
    const end = () => reader.end()
    this.#readers.add(reader)
    if (signal.aborted) reader.end()
    else signal.addEventListener('abort', end)
    return reader
  }
}

class Reader implements AsyncIterable<DaemonEvent> {
  readonly #waiting: DaemonEvent[] = []
  #state: 'open' | 'ended' | 'too-slow' = 'open'
  #wake = () => {}
  readonly #left: () => void

  constructor(left: () => void) {
    this.#left = left
  }

  take(event: DaemonEvent): void {
    if (this.#waiting.length >= MAX_EVENT_BACKLOG) {
      this.#leave('too-slow')
      return
    }
    this.#waiting.push(event)
    this.#wake()
  }

  end(): void {
    this.#leave('ended')
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<DaemonEvent, void, undefined> {
    try {
      while (this.#state === 'open') {
        const event = this.#waiting.shift()
        if (event === undefined) await this.#more()
        else yield event
      }
      if (this.#state === 'too-slow') throw tooSlow()
    } finally {
      this.#leave('ended')
    }
  }

  #more(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#wake = resolve
    return promise
  }

  #leave(state: 'ended' | 'too-slow'): void {
    if (this.#state !== 'open') return
    this.#state = state
    this.#waiting.length = 0
    this.#left()
    this.#wake()
  }
}

function tooSlow(): RequestError {
  return new RequestError(
    'too-slow',
    `more than ${MAX_EVENT_BACKLOG} events waited to be read; connect again and read the history`,
  )
}
