import { backOffMs } from '@parley/shared/back-off.ts'
import { EVENTS_RETRY_MAX_MS, EVENTS_RETRY_MIN_MS, MAX_EVENT_BACKLOG } from '@parley/shared/limits.ts'
import { type DaemonEvent, DaemonFrame } from '@parley/shared/local-api/events.ts'
import { ApiError } from './api-error.ts'
import type { GuardedToken } from './guarded-token.ts'

/** What a listener hears: events, and `ready` whenever the line is up (again). */
export type ClientEvent = Extract<DaemonFrame, { type: 'ready' | DaemonEvent['type'] }>

export interface EventSource {
  readonly url: string
  readonly token: GuardedToken
  readonly retry?: { readonly minMs: number; readonly maxMs: number }
  readonly onLost?: () => void
}

/**
 * Events until the signal aborts; a line that breaks is made again. Each `ready` says that what happened before it, since the last
 * event, has to be read from the history. Throws ApiError `unauthorised`.
 */
export async function* listen(source: EventSource, signal: AbortSignal): AsyncGenerator<ClientEvent, void, undefined> {
  const retry = source.retry ?? { minMs: EVENTS_RETRY_MIN_MS, maxMs: EVENTS_RETRY_MAX_MS }
  let failures = 0
  while (!signal.aborted) {
    const token = await tokenFor(source, signal)
    if (token !== undefined && !signal.aborted) {
      const line = new Line(source, token, signal)
      for await (const event of line) {
        failures = 0
        yield event
      }
      if (line.closedBecause === 'unauthorised') {
        throw new ApiError('unauthorised', 'the daemon does not accept this token')
      }
    }
    if (!signal.aborted) source.onLost?.()
    failures += 1
    await wait(backOffMs(failures, retry), signal)
  }
}

/** Undefined when the daemon does not answer, or the signal aborted. */
async function tokenFor({ token }: EventSource, signal: AbortSignal): Promise<string | undefined> {
  try {
    return await token.take(signal)
  } catch (error) {
    if (error instanceof ApiError && error.code === 'unauthorised') throw error
    return undefined
  }
}

/** One WebSocket, from its opening to its end. */
class Line implements AsyncIterable<ClientEvent> {
  readonly #socket: WebSocket
  readonly #waiting: ClientEvent[] = []
  #isOver = false
  #wake = () => {}
  closedBecause = ''

  constructor({ url, token: guarded }: EventSource, token: string, signal: AbortSignal) {
    const address = new URL('/api/v1/events', url)
    address.protocol = address.protocol.replace('http', 'ws')
    const socket = new WebSocket(address)
    this.#socket = socket
    const close = () => socket.close()
    signal.addEventListener('abort', close)
    socket.addEventListener('open', () => socket.send(JSON.stringify({ type: 'authenticate', token })))
    socket.addEventListener('message', ({ data }) => this.#take(data))
    // What there is to say about an error comes with `close`.
    socket.addEventListener('error', () => {})
    socket.addEventListener('close', ({ reason }) => {
      signal.removeEventListener('abort', close)
      // Another program may listen there now.
      guarded.forget()
      this.closedBecause = reason
      this.#end()
    })
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ClientEvent, void, undefined> {
    try {
      for (;;) {
        const event = this.#waiting.shift()
        if (event !== undefined) yield event
        else if (this.#isOver) return
        else await this.#more()
      }
    } finally {
      this.#socket.close()
      this.#end()
    }
  }

  #take(data: unknown): void {
    const event = typeof data === 'string' ? readEvent(data) : undefined
    // Of a newer daemon there may be frames that this client does not know.
    if (event === undefined || this.#isOver) return
    if (this.#waiting.length >= MAX_EVENT_BACKLOG) {
      // Whoever listens is too slow; the next line begins with `ready`, which tells them to look for themselves.
      this.#waiting.length = 0
      this.#socket.close()
      this.#end()
      return
    }
    this.#waiting.push(event)
    this.#wake()
  }

  #more(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#wake = resolve
    return promise
  }

  #end(): void {
    this.#isOver = true
    this.#wake()
  }
}

function readEvent(text: string): ClientEvent | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  const frame = DaemonFrame.safeParse(value).data
  if (frame === undefined || frame.type === 'accepted' || frame.type === 'peers' || frame.type === 'problem') {
    return undefined
  }
  return frame
}

/** Resolves when the time is over or the signal aborts. */
function wait(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  if (signal.aborted) resolve()
  const timer = setTimeout(resolve, ms)
  const wake = () => resolve()
  signal.addEventListener('abort', wake)
  return promise.finally(() => {
    clearTimeout(timer)
    signal.removeEventListener('abort', wake)
  })
}
