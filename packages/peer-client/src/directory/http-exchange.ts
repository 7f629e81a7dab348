import type { Agent, ClientRequest, OutgoingHttpHeaders } from 'node:http'
import https from 'node:https'
import {
  MAX_DIRECTORY_ANSWER_BYTES,
  MAX_DIRECTORY_LINKS,
  MAX_HEADER_BYTES,
  MAX_RETRY_AFTER_MS,
} from '@parley/shared/limits.ts'
import { http } from '@parley/shared/node-http.ts'
import { Slots } from '@parley/shared/slots.ts'
import { systemErrorCode } from '@parley/shared/system-error.ts'
import type { DirectoryAddress } from './directory-address.ts'
import { DirectoryError } from './directory-error.ts'
import { unreachable } from './unreachable.ts'

export interface HttpRequest {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE'
  /** Below the directory's URL, with a leading slash. */
  readonly path: string
  readonly body?: object
  /** Sent as `Authorization: Bearer`. */
  readonly token?: string | undefined
  readonly signal?: AbortSignal | undefined
}

export interface HttpAnswer {
  readonly status: number
  readonly text: string
  /** What the server asks for (RFC 9110 section 10.2.3), at most MAX_RETRY_AFTER_MS. */
  readonly retryAfterMs?: number | undefined
}

/** Both ends of the last connection: by it a peer knows from which side of which network the directory sees it. */
export interface Route {
  readonly localAddress: string
  readonly remoteAddress: string
}

interface ExchangeOptions extends DirectoryAddress {
  readonly timeoutMs: number
}

/**
 * Requests to one server over a few kept connections, each answered in full within one time-out and one size.
 * Not `fetch`: it refuses ports that a directory may well use, follows redirects, and cannot be closed.
 */
export class HttpExchange {
  readonly #base: URL
  readonly #agent: Agent
  readonly #timeoutMs: number
  readonly #closed = new AbortController()
  readonly #links = new Slots(MAX_DIRECTORY_LINKS)
  #route: Route | undefined
  #serverTime: number | undefined

  constructor({ url, timeoutMs, ca }: ExchangeOptions) {
    this.#base = new URL(url)
    this.#timeoutMs = timeoutMs
    const options = { keepAlive: true, maxSockets: MAX_DIRECTORY_LINKS, scheduling: 'lifo' } as const
    this.#agent =
      this.#base.protocol === 'https:'
        ? new https.Agent({ ...options, ...(ca !== undefined && { ca }) })
        : new http.Agent(options)
  }

  get route(): Route | undefined {
    return this.#route
  }

  /** Unix milliseconds by the `Date` of the latest answer that had one (RFC 9110 section 6.6.1). */
  get serverTime(): number | undefined {
    return this.#serverTime
  }

  /** Rejects with DirectoryError `unreachable`, `timed-out`, `closed` or `not-a-directory`, or with the reason of `signal`. */
  exchange(request: HttpRequest): Promise<HttpAnswer> {
    const closed = this.#closed.signal
    const signal = request.signal === undefined ? closed : AbortSignal.any([closed, request.signal])
    // In line for a connection the time does not run: a thousand questions at once are slow, and none of them has failed.
    return this.#links.run(() => this.#inTime(request, signal), { signal })
  }

  /** Ends what is under way with `closed`. Twice is safe. */
  close(): void {
    this.#closed.abort(new DirectoryError('closed', 'the directory client was closed'))
    this.#agent.destroy()
  }

  async #inTime(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    const timeout = AbortSignal.timeout(this.#timeoutMs)
    try {
      return await this.#send(request, AbortSignal.any([signal, timeout]))
    } catch (error) {
      signal.throwIfAborted()
      if (timeout.aborted) {
        const message = `the directory at ${this.#base.origin} did not answer within ${this.#timeoutMs / 1000} s`
        throw new DirectoryError('timed-out', message)
      }
      if (error instanceof DirectoryError) throw error
      throw unreachable(`the directory at ${this.#base.origin} cannot be reached`, error)
    }
  }

  async #send(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    for (;;) {
      signal.throwIfAborted()
      const sent = this.#start(request, signal)
      try {
        return await this.#answer(sent)
      } catch (error) {
        // The server closed a kept connection at the moment we took it up again: it never saw this request.
        const isStale = sent.reusedSocket && systemErrorCode(error) === 'ECONNRESET' && !signal.aborted
        if (!isStale) throw error
      }
    }
  }

  #start({ method, path, body, token }: HttpRequest, signal: AbortSignal): ClientRequest {
    const url = new URL(this.#base.pathname.replace(/\/$/, '') + path, this.#base)
    const text = body === undefined ? undefined : JSON.stringify(body)
    const headers: OutgoingHttpHeaders = { accept: 'application/json, application/problem+json' }
    if (token !== undefined) headers.authorization = `Bearer ${token}`
    if (text !== undefined) {
      headers['content-type'] = 'application/json'
      headers['content-length'] = Buffer.byteLength(text)
    }
    const protocol = this.#base.protocol === 'https:' ? https : http
    const sent = protocol.request(url, {
      method,
      headers,
      agent: this.#agent,
      signal,
      maxHeaderSize: 2 * MAX_HEADER_BYTES,
    })
    sent.end(text)
    return sent
  }

  #answer(sent: ClientRequest): Promise<HttpAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>()
    sent.on('error', reject)
    sent.on('response', (response) => {
      const { localAddress, remoteAddress } = response.socket
      if (localAddress !== undefined && remoteAddress !== undefined) this.#route = { localAddress, remoteAddress }
      const date = Date.parse(response.headers.date ?? '')
      if (!Number.isNaN(date)) this.#serverTime = date
      const chunks: Buffer[] = []
      let size = 0
      response.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > MAX_DIRECTORY_ANSWER_BYTES) {
          reject(new DirectoryError('not-a-directory', `an answer of more than ${MAX_DIRECTORY_ANSWER_BYTES} bytes`))
          sent.destroy()
          return
        }
        chunks.push(chunk)
      })
      response.on('error', reject)
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          text: Buffer.concat(chunks).toString('utf8'),
          retryAfterMs: retryAfterMs(response.headers['retry-after'], this.#serverTime),
        }),
      )
    })
    return promise
  }
}

/** Of seconds, or of a date by the clock of the server. */
function retryAfterMs(header: string | undefined, serverTime: number | undefined): number | undefined {
  if (header === undefined) return undefined
  const ms = /^\d{1,9}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - (serverTime ?? Date.now())
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS)
}
