import type { Duplex } from 'node:stream'
import { CLOSE, type FromDirectory, ToDirectory } from '@parley/shared/directory-api/presence.ts'
import { JsonError, parseStrictJson } from '@parley/shared/strict-json.ts'
import type { RawData, WebSocket } from 'ws'
import { PresenceError } from './presence-error.ts'
import { textFrame } from './text-frame.ts'

/** Why a socket is cut. */
export type SocketDrop = 'slow-reader' | 'dead-socket' | 'frame-too-large' | 'bad-frame'

export interface FrameSocketLimits {
  readonly MAX_PRESENCE_BUFFERED_BYTES: number
  readonly MAX_WAITING_PRESENCE_FRAMES: number
  readonly PRESENCE_PING_MS: number
  readonly PRESENCE_DEAD_MS: number
  readonly PRESENCE_CLOSE_TIMEOUT_MS: number
}

/** For whoever reads it; peers try again by themselves. */
const STOPPING = 'the directory is stopping; try again in 5 s'

export interface FrameSocketOptions {
  readonly socket: WebSocket
  /** What the WebSocket is on, for frames that are whole already. */
  readonly stream: Duplex
  readonly limits: FrameSocketLimits
  readonly receive: (frame: ToDirectory) => Promise<void>
  readonly failed: (error: unknown) => void
  /** More than MAX_PRESENCE_BUFFERED_BYTES wait for a reader that does not read. */
  readonly tooSlow: () => void
  readonly closed: () => void
  readonly dropped: (reason: SocketDrop) => void
}

/** One WebSocket of JSON frames: handled one after the other, pinged, bounded, and ended once. */
export class FrameSocket {
  readonly #socket: WebSocket
  readonly #options: FrameSocketOptions
  readonly #ping: NodeJS.Timeout
  readonly #death: NodeJS.Timeout
  #grace: NodeJS.Timeout | undefined
  #waitingFrames = 0
  #handled: Promise<void> = Promise.resolve()
  #isEnding = false

  constructor(options: FrameSocketOptions) {
    const { socket, limits } = options
    this.#socket = socket
    this.#options = options
    this.#ping = setInterval(() => socket.ping(), limits.PRESENCE_PING_MS)
    this.#death = setTimeout(() => {
      options.dropped('dead-socket')
      socket.terminate()
    }, limits.PRESENCE_DEAD_MS)
    socket.on('pong', () => this.#death.refresh())
    socket.on('message', (data, isBinary) => this.#enqueue(data, isBinary))
    // ws closes the socket itself after an error (RFC 6455 section 7.1.7); all that is left to do follows `close`.
    socket.on('error', (error) => options.dropped(isTooLarge(error) ? 'frame-too-large' : 'bad-frame'))
    socket.on('close', () => this.#release())
  }

  get isOpen(): boolean {
    return !this.#isEnding && this.#socket.readyState === this.#socket.OPEN
  }

  send(frame: FromDirectory): void {
    this.sendFrames(textFrame(JSON.stringify(frame)))
  }

  /**
   * Whole WebSocket frames, past ws, which would frame them again for each socket and write head and body apart. Without
   * compression ws holds nothing back, so nothing is overtaken.
   */
  sendFrames(frames: Buffer): void {
    if (!this.isOpen) return
    this.#options.stream.write(frames)
    // This counts what waits in the stream, whoever wrote it.
    if (this.#socket.bufferedAmount <= this.#options.limits.MAX_PRESENCE_BUFFERED_BYTES) return
    this.#options.dropped('slow-reader')
    this.#options.tooSlow()
  }

  /** The closing handshake, cut short when the other side does not answer. Twice is safe. */
  end(code: number, last?: FromDirectory): void {
    if (this.#isEnding) return
    this.#isEnding = true
    if (last !== undefined) this.#socket.send(JSON.stringify(last))
    this.#socket.close(code, code === CLOSE.stopping ? STOPPING : '')
    this.#grace = setTimeout(() => this.#socket.terminate(), this.#options.limits.PRESENCE_CLOSE_TIMEOUT_MS)
  }

  #enqueue(data: RawData, isBinary: boolean): void {
    this.#death.refresh()
    if (this.#isEnding) return
    const most = this.#options.limits.MAX_WAITING_PRESENCE_FRAMES
    if (this.#waitingFrames >= most) {
      this.#options.failed(new PresenceError('frame-flood', `more than ${most} frames at once`))
      return
    }
    this.#waitingFrames += 1
    this.#handled = this.#handled.then(() => this.#handle(data, isBinary))
  }

  async #handle(data: RawData, isBinary: boolean): Promise<void> {
    this.#waitingFrames -= 1
    if (this.#isEnding) return
    try {
      await this.#options.receive(readFrame(data, isBinary))
    } catch (error) {
      this.#options.failed(error)
    }
  }

  #release(): void {
    this.#isEnding = true
    clearInterval(this.#ping)
    clearTimeout(this.#death)
    clearTimeout(this.#grace)
    this.#options.closed()
  }
}

/** A message beyond `maxPayload`; ws gives the code. */
function isTooLarge(error: Error & { code?: string }): boolean {
  return error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'
}

function readFrame(data: RawData, isBinary: boolean): ToDirectory {
  if (isBinary || !Buffer.isBuffer(data)) throw new PresenceError('bad-frame', 'frames are JSON in text messages')
  let value: unknown
  try {
    value = parseStrictJson(data.toString('utf8'))
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    throw new PresenceError('bad-frame', `not a frame: ${error.message}`, { cause: error })
  }
  const frame = ToDirectory.safeParse(value)
  if (frame.success) return frame.data
  const issue = frame.error.issues[0]
  throw new PresenceError('bad-frame', `not a frame: ${issue?.path.join('.')}: ${issue?.message}`, {
    cause: frame.error,
  })
}
