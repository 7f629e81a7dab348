import type { Clock } from '@parley/shared/clock.ts'
import { CLOSE, FromDirectory, type ToDirectory } from '@parley/shared/directory-api/presence.ts'
import { MAX_PRESENCE_BUFFERED_BYTES } from '@parley/shared/limits.ts'
import { JsonError, parseStrictJson } from '@parley/shared/strict-json.ts'
import { type RawData, WebSocket } from 'ws'
import { z } from 'zod'
import type { DirectoryAddress } from './directory-address.ts'
import { DirectoryError } from './directory-error.ts'
import { unreachable } from './unreachable.ts'

export interface PresenceConnectionOptions extends DirectoryAddress {
  readonly clock: Clock
  /** How long it may take until the first frame, and the silence after which the other side counts as gone. */
  readonly timeoutMs: number
  readonly deadMs: number
  /** Whatever it throws ends the connection. */
  readonly onFrame: (frame: FromDirectory) => void
}

/** One WebSocket to the presence route, from its first byte to its last. */
export class PresenceConnection {
  /** Resolves with the reason when the connection is over. */
  readonly ended: Promise<DirectoryError>
  readonly #options: PresenceConnectionOptions
  readonly #socket: WebSocket
  #cause: DirectoryError | undefined
  #cancelDeadline: () => void

  constructor(options: PresenceConnectionOptions) {
    this.#options = options
    this.#socket = new WebSocket(presenceUrl(options.url), {
      perMessageDeflate: false,
      ...(options.ca !== undefined && { ca: options.ca }),
      maxPayload: MAX_PRESENCE_BUFFERED_BYTES,
    })
    this.#cancelDeadline = options.clock.after(options.timeoutMs, () => this.#silent(options.timeoutMs))
    const { promise, resolve } = Promise.withResolvers<DirectoryError>()
    this.ended = promise
    this.#socket.on('ping', () => this.#heard())
    this.#socket.on('message', (data, isBinary) => this.#read(data, isBinary))
    this.#socket.on('error', (error) => {
      this.#cause ??= unreachable(LOST, error)
    })
    this.#socket.on('close', (code, reason) => {
      this.#cancelDeadline()
      resolve(this.#cause ?? closedBy(code, reason.toString('utf8')))
    })
  }

  send(frame: ToDirectory): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame))
  }

  /** Ends it with this reason, unless it has one already. */
  abort(cause: DirectoryError): void {
    this.#cause ??= cause
    this.#socket.terminate()
  }

  #read(data: RawData, isBinary: boolean): void {
    this.#heard()
    try {
      if (isBinary) throw notPresence('a binary frame')
      this.#take(readFrame(data))
    } catch (error) {
      this.abort(error instanceof DirectoryError ? error : notPresence('a frame that cannot be handled', error))
    }
  }

  #take(frame: FromDirectory | undefined): void {
    if (frame === undefined) return
    if (frame.type === 'problem') {
      this.#cause ??= new DirectoryError('problem', `the directory refused the connection: ${frame.detail}`, {})
    } else {
      this.#options.onFrame(frame)
    }
  }

  #heard(): void {
    const { clock, deadMs } = this.#options
    this.#cancelDeadline()
    this.#cancelDeadline = clock.after(deadMs, () => this.#silent(deadMs))
  }

  #silent(ms: number): void {
    this.abort(new DirectoryError('timed-out', `nothing was heard of the directory for ${ms / 1000} s`))
  }
}

function presenceUrl(url: string): URL {
  const base = new URL(url)
  base.protocol = base.protocol === 'https:' ? 'wss:' : 'ws:'
  base.pathname = `${base.pathname.replace(/\/$/, '')}/v1/presence`
  return base
}

/** Undefined for a kind of frame that only newer directories send. */
function readFrame(data: RawData): FromDirectory | undefined {
  const value = readJson(data)
  const frame = FromDirectory.safeParse(value)
  if (frame.success) return frame.data
  const type = z.object({ type: z.string() }).safeParse(value).data?.type
  if (type !== undefined && !KNOWN_TYPES.has(type)) return undefined
  throw notPresence('a malformed frame', frame.error)
}

const KNOWN_TYPES: ReadonlySet<string> = new Set(FromDirectory.options.map((option) => option.shape.type.value))

function readJson(data: RawData): unknown {
  try {
    return parseStrictJson(bytesOf(data).toString('utf8'))
  } catch (error) {
    if (error instanceof JsonError) throw notPresence('a frame that is not JSON', error)
    throw error
  }
}

function bytesOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data)
  return Buffer.isBuffer(data) ? data : Buffer.from(data)
}

function closedBy(code: number, reason: string): DirectoryError {
  if (code === CLOSE.replaced) {
    return new DirectoryError('replaced', 'this device is connected to the directory a second time, from elsewhere')
  }
  const why = reason === '' ? `close code ${code}` : reason
  return new DirectoryError('unreachable', `${LOST} (${code === CLOSE.stopping ? 'it is stopping' : why})`)
}

const LOST = 'the connection to the directory was lost'

function notPresence(what: string, cause?: unknown): DirectoryError {
  return new DirectoryError('not-a-directory', `${what} came over the presence connection`, { cause })
}
