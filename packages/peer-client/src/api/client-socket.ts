// Frames are JSON in text messages. Of a client that is not known yet one frame is read, and it has to be the token; then `ready`,
// and events as they happen.
import { MAX_EVENT_BACKLOG, MAX_LOCAL_BUFFERED_BYTES, MAX_WAITING_LOCAL_FRAMES } from '@parley/shared/limits.ts'
import { Authenticate, type DaemonFrame } from '@parley/shared/local-api/events.ts'
import type { RawData, WebSocket } from 'ws'
import type { ApiParts } from './api-parts.ts'
import { RequestError } from './daemon.ts'
import { problemOf } from './problems.ts'
import { readJson } from './request.ts'

export interface ClientSocketTimeouts {
  /** From the start to the token. */
  readonly authMs: number
  /** From our close frame to the end of the socket. */
  readonly closeMs: number
}

export interface ClientSocketOptions {
  readonly socket: WebSocket
  readonly parts: ApiParts
  readonly timeouts: ClientSocketTimeouts
  /** The token came with the upgrade. */
  readonly isTrusted: boolean
  readonly isToken: (token: string) => boolean
  /** Without it the client may only listen. */
  readonly answer?: (text: string, signal: AbortSignal) => Promise<DaemonFrame>
}

export interface ClientSocket {
  readonly closed: Promise<void>
  /** The closing handshake, cut short when the other side does not answer. Twice is safe. */
  end(code: number, reason: string): void
}

export function openClientSocket(options: ClientSocketOptions): ClientSocket {
  return new Client(options)
}

class Client implements ClientSocket {
  readonly closed: Promise<void>
  readonly #options: ClientSocketOptions
  readonly #socket: WebSocket
  readonly #gone = new AbortController()
  #state: 'unknown' | 'trusted' | 'ending' = 'unknown'
  #waitingFrames = 0
  #unreadFrames = 0
  #handled: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined

  constructor(options: ClientSocketOptions) {
    const { socket, timeouts, isTrusted } = options
    this.#options = options
    this.#socket = socket
    socket.on('message', (data, isBinary) => this.#take(data, isBinary))
    // ws closes the socket itself after an error (RFC 6455 section 7.1.7); all that is left to do follows `close`.
    socket.on('error', () => {})
    const { promise, resolve } = Promise.withResolvers<void>()
    this.closed = promise
    socket.on('close', () => {
      this.#state = 'ending'
      clearTimeout(this.#timer)
      this.#gone.abort()
      resolve()
    })
    if (isTrusted) this.#begin()
    else this.#timer = setTimeout(() => this.end(1008, 'unauthorised'), timeouts.authMs)
  }

  end(code: number, reason: string): void {
    if (this.#state === 'ending') return
    this.#state = 'ending'
    this.#gone.abort()
    clearTimeout(this.#timer)
    this.#socket.close(code, reason)
    this.#timer = setTimeout(() => this.#socket.terminate(), this.#options.timeouts.closeMs)
  }

  #begin(): void {
    this.#state = 'trusted'
    clearTimeout(this.#timer)
    this.#pump().catch((error: unknown) => this.#fail(error))
  }

  async #pump(): Promise<void> {
    // First the subscription, then the word that it stands: what the client reads after that word misses nothing.
    const { daemon } = this.#options.parts
    const events = daemon.events(this.#gone.signal)
    this.#send({ type: 'ready', cursor: daemon.eventCursor() })
    for await (const event of events) this.#send(event)
    this.end(1001, 'stopping')
  }

  #take(data: RawData, isBinary: boolean): void {
    if (this.#state === 'ending') return
    if (isBinary || !Buffer.isBuffer(data)) {
      this.#fail(new RequestError('bad-request', 'frames are text messages'))
      return
    }
    const text = data.toString('utf8')
    if (this.#state === 'unknown') {
      this.#authenticate(text)
      return
    }
    if (this.#waitingFrames >= MAX_WAITING_LOCAL_FRAMES) {
      this.#fail(new RequestError('too-slow', `more than ${MAX_WAITING_LOCAL_FRAMES} frames at once`))
      return
    }
    this.#waitingFrames += 1
    this.#handled = this.#handled.then(() => this.#handle(text)).catch((error: unknown) => this.#fail(error))
  }

  #authenticate(text: string): void {
    try {
      if (this.#options.isToken(readJson(text, Authenticate).token)) this.#begin()
      else this.end(1008, 'unauthorised')
    } catch {
      this.end(1008, 'unauthorised')
    }
  }

  async #handle(text: string): Promise<void> {
    this.#waitingFrames -= 1
    if (this.#state === 'ending') return
    const { answer } = this.#options
    if (answer === undefined) throw new RequestError('bad-request', 'this address only tells; it takes no frames')
    this.#send(await answer(text, this.#gone.signal))
  }

  /** Nobody waits for a client that does not read: what it leaves lying is counted, and too much of it ends the line. */
  #send(frame: DaemonFrame): void {
    if (this.#state === 'ending') return
    this.#unreadFrames += 1
    this.#socket.send(JSON.stringify(frame), () => {
      this.#unreadFrames -= 1
    })
    const isTooSlow = this.#unreadFrames > MAX_EVENT_BACKLOG || this.#socket.bufferedAmount > MAX_LOCAL_BUFFERED_BYTES
    if (isTooSlow) this.#fail(new RequestError('too-slow', 'too much waits to be read'))
  }

  #fail(error: unknown): void {
    if (this.#state === 'ending') return
    const { code } = problemOf(error)
    if (code === 'internal') this.#options.parts.log.error({ err: error }, 'client socket failed')
    this.end(code === 'internal' ? 1011 : 1008, code)
  }
}
