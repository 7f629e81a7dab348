import { CLOSE, FromDirectory, type PresenceChange, type ToDirectory } from '@parley/shared/directory-api/presence.ts'
import type { Name } from '@parley/shared/ids.ts'
import { DIRECTORY_TIMEOUT_MS, MAX_DIRECTORY_ANSWER_BYTES, PRESENCE_DEAD_MS } from '@parley/shared/limits.ts'
import type { Jws } from '@parley/shared/signed/jws.ts'
import { JsonError, parseStrictJson } from '@parley/shared/strict-json.ts'
import WebSocket, { type RawData } from 'ws'
import { ConsoleError } from '#console-error.ts'
import { reasonOf } from '#http-exchange.ts'

interface LineOptions {
  readonly url: string
  readonly prove: (nonce: string) => Promise<Jws>
  readonly stop: AbortSignal
}

type Listener = (changes: readonly PresenceChange[]) => void

const CLOSED: ReadonlyMap<number, string> = new Map([
  [CLOSE.stopping, 'the directory stops'],
  [CLOSE.replaced, 'its device connected from elsewhere'],
  [CLOSE.tooSlow, 'this console read too slowly'],
  [CLOSE.unauthenticated, 'its device is no longer listed'],
  [1006, 'the connection broke'],
])

/** One device's WebSocket to the directory: it is online while this is open. */
export class PresenceLine {
  /** Resolves with why it ended, in words. */
  readonly ended: Promise<string>
  readonly #socket: WebSocket
  readonly #prove: LineOptions['prove']
  readonly #ready = Promise.withResolvers<void>()
  readonly #listeners = new Set<Listener>()
  #problem = ''
  #silence: NodeJS.Timeout | undefined

  /** Resolves when the directory says that the device is online. Rejects with ConsoleError. */
  static async open({ url, prove, stop }: LineOptions): Promise<PresenceLine> {
    const line = new PresenceLine(url, prove)
    const signal = AbortSignal.any([stop, AbortSignal.timeout(DIRECTORY_TIMEOUT_MS)])
    const giveUp = () => void line.close()
    signal.addEventListener('abort', giveUp)
    try {
      await line.#ready.promise
      return line
    } catch (error) {
      stop.throwIfAborted()
      throw error
    } finally {
      signal.removeEventListener('abort', giveUp)
    }
  }

  private constructor(url: string, prove: LineOptions['prove']) {
    this.#prove = prove
    this.#socket = new WebSocket(`${url.replace(/^http/, 'ws')}/v1/presence`, {
      maxPayload: MAX_DIRECTORY_ANSWER_BYTES,
      perMessageDeflate: false,
      handshakeTimeout: DIRECTORY_TIMEOUT_MS,
    })
    this.#ready.promise.catch(() => undefined)
    this.#socket.on('error', (error) => {
      this.#problem ||= reasonOf(error)
    })
    this.#socket.on('message', (data) => {
      this.#take(data).catch((error: unknown) => {
        this.#problem ||= error instanceof Error ? error.message : String(error)
        this.#socket.terminate()
      })
    })
    this.#socket.on('ping', () => this.#alive())
    this.ended = new Promise((resolve) => {
      this.#socket.once('close', (code, reason) => {
        clearTimeout(this.#silence)
        const why = this.#problem || reason.toString('utf8') || (CLOSED.get(code) ?? `close code ${code}`)
        this.#ready.reject(new ConsoleError('refused', `The presence connection did not open: ${why}`))
        resolve(why)
      })
    })
    this.#alive()
  }

  /** The function returned ends it. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Its answer states each name, and comes to the listeners like every change. */
  watch(names: readonly Name[]): void {
    this.#send({ type: 'watch', names: [...names] })
  }

  unwatch(names: readonly Name[]): void {
    this.#send({ type: 'unwatch', names: [...names] })
  }

  async close(): Promise<void> {
    this.#socket.close(1000)
    // Whoever leaves does not wait long for a directory that does not answer.
    const timer = setTimeout(() => this.#socket.terminate(), 1_000)
    await this.ended
    clearTimeout(timer)
  }

  async #take(data: RawData): Promise<void> {
    this.#alive()
    const frame = FromDirectory.safeParse(readJson(data)).data
    switch (frame?.type) {
      case 'challenge':
        this.#send({ type: 'authenticate', proof: await this.#prove(frame.nonce) })
        return
      case 'ready':
        this.#ready.resolve()
        return
      case 'presence':
        for (const listener of this.#listeners) listener(frame.changes)
        return
      case 'problem':
        this.#problem = `${frame.detail} (${frame.code})`
        return
      case 'prekeys':
      case undefined:
        // What only newer directories say is passed over.
        return
    }
  }

  #send(frame: ToDirectory): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame))
  }

  /** The directory pings; when it no longer does, it is gone. */
  #alive(): void {
    clearTimeout(this.#silence)
    this.#silence = setTimeout(() => {
      this.#problem ||= `nothing was heard for ${PRESENCE_DEAD_MS / 1000} s`
      this.#socket.terminate()
    }, PRESENCE_DEAD_MS)
  }
}

function readJson(data: RawData): unknown {
  const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.isBuffer(data) ? data : Buffer.from(data)
  try {
    return parseStrictJson(bytes.toString('utf8'))
  } catch (error) {
    if (error instanceof JsonError) return undefined
    throw error
  }
}
