import type { Clock } from '@parley/shared/clock.ts'
import type { DeviceKey } from '@parley/shared/ids.ts'
import type { DeviceCertificate } from '@parley/shared/signed/device-certificate.ts'
import { CborError } from '@parley/shared/wire/cbor.ts'
import { decodeFrame, FrameError } from '@parley/shared/wire/frame-reader.ts'
import {
  type ByeReason,
  encodeFrame,
  type Frame,
  type FrameOf,
  type Hello,
  type Purpose,
  TYPE,
} from '@parley/shared/wire/frames.ts'
import type { Introduction } from './hello.ts'
import { keepAlive } from './keep-alive.ts'
import { type Direction, encodeBye, type SecureLink } from './secure-link.ts'
import { SessionError } from './session-error.ts'
import type { SessionLimits } from './session-limits.ts'

/** The frames of the layers above; hello, ping, pong and bye are the session's own. */
export type SessionFrame = Exclude<Frame, FrameOf<1 | 6 | 7 | 8>>

/** Who ended a session, and why. `link`: the line broke, or the other side was gone, without a word. */
export type SessionEnd =
  | { readonly by: 'us'; readonly reason: ByeReason | 'too-slow'; readonly error?: Error }
  | { readonly by: 'peer'; readonly reason: string; readonly retryAfterMs?: number }
  | { readonly by: 'link'; readonly reason: 'lost'; readonly error?: Error }

export interface SessionOptions {
  readonly clock: Clock
  readonly limits: SessionLimits
  /** Throwing or rejecting ends the session. The next frame comes when this one is done. */
  readonly onFrame: (session: Session, frame: SessionFrame) => void | Promise<void>
  /** Called once, when nothing can be sent any more; what still comes in is delivered until `closed`. */
  readonly onLeaving: (session: Session) => void
}

export interface CloseOptions {
  readonly retryAfterMs?: number
  readonly drainMs?: number
}

/** Frames to and from one device over one link, both sides having said hello. */
export class Session {
  readonly device: DeviceKey
  readonly certificate: DeviceCertificate
  /** Theirs. */
  readonly hello: Hello
  readonly purpose: Purpose
  readonly direction: Direction
  readonly path: 'direct' | 'relay'
  readonly remoteAddress: string | undefined
  /** Unix milliseconds. */
  readonly openedAt: number
  /** By the clock's `elapsedMs`. */
  readonly openedAtMs: number
  /** Resolves when nothing of the session is left. */
  readonly closed: Promise<SessionEnd>
  readonly #secure: SecureLink
  readonly #options: SessionOptions
  readonly #stopKeepAlive: () => void
  #end: SessionEnd | undefined
  #pingedAtMs: number | undefined
  #roundTripMs: number | undefined

  constructor(secure: SecureLink, { hello, certificate }: Introduction, options: SessionOptions) {
    const { clock } = options
    this.#secure = secure
    this.#options = options
    this.device = secure.device
    this.direction = secure.direction
    this.path = secure.link.path
    this.remoteAddress = secure.link.remoteAddress
    this.hello = hello
    this.certificate = certificate
    this.purpose = hello.purpose
    this.openedAt = clock.now()
    this.openedAtMs = clock.elapsedMs()
    const { inflow } = secure
    this.#stopKeepAlive = keepAlive(
      {
        get heardAtMs() {
          return inflow.heardAtMs
        },
        get isPaused() {
          return inflow.isPaused
        },
        ping: () => this.#ping(),
        fellSilent: () => this.#cut('timed-out', new SessionError('timed-out', 'the other side fell silent')),
      },
      clock,
      options.limits,
    )
    this.closed = secure.closed.then((cause) => this.#closed(cause))
  }

  /** Frames come in from here on, those that arrived behind the hello first. */
  start(): void {
    this.#secure.inflow.start({
      frame: (body) => this.#receive(body),
      broken: (error) => this.#broken(error),
      ended: () => this.#ended(),
    })
  }

  /** False from the first word of an end on; what was sent before that still leaves. */
  get isOpen(): boolean {
    return this.#end === undefined
  }

  get receivedBytes(): number {
    return this.#secure.inflow.receivedBytes
  }

  get sentBytes(): number {
    return this.#secure.outflow.sentBytes
  }

  /** Handed over and not yet taken by the link. */
  get bufferedBytes(): number {
    return this.#secure.outflow.bufferedBytes
  }

  /** Of the last ping that was answered. */
  get roundTripMs(): number | undefined {
    return this.#roundTripMs
  }

  /**
   * False when the session no longer sends; the frame is then not taken. Frames sent in one go leave together. When too much
   * waits already the session is cut, `too-slow`. Throws RangeError for a frame that is over the limit by itself.
   */
  send(frame: SessionFrame): boolean {
    return this.isOpen && this.#push(encodeFrame(frame))
  }

  /** Resolves once little is left to send; rejects with SessionError `ended`, or with the signal's reason. */
  drained(options: { signal?: AbortSignal | undefined } = {}): Promise<void> {
    return this.#secure.outflow.drained(options)
  }

  /** Says bye after what was sent, and waits for the other side to finish, at most `drainMs`. Twice is safe. */
  close(
    reason: ByeReason,
    { retryAfterMs, drainMs = this.#options.limits.drainMs }: CloseOptions = {},
  ): Promise<SessionEnd> {
    if (this.isOpen) {
      this.#secure.outflow.push(encodeBye(reason, retryAfterMs))
      this.#leave({ by: 'us', reason })
    }
    this.#secure.cutAfter(drainMs)
    return this.closed
  }

  /** Ends it at once; what has not left is lost. */
  abort(error: Error): void {
    this.#cut('disconnected', error)
  }

  #receive(body: Uint8Array): void | Promise<void> {
    const frame = decodeFrame(body)
    if (frame === undefined) return
    switch (frame.type) {
      case TYPE.hello:
        throw new SessionError('protocol-violation', 'a second hello')
      case TYPE.ping:
        this.#push(PONG)
        return
      case TYPE.pong:
        this.#ponged()
        return
      case TYPE.bye:
        this.#byeReceived(frame)
        return
      default:
        return this.#options.onFrame(this, frame)
    }
  }

  #byeReceived({ reason, retryAfterMs }: FrameOf<8>): void {
    this.#leave({ by: 'peer', reason, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) })
    // Whoever hears the bye ends the line: by then it has everything of the other side, and all of its own has left.
    this.#secure.outflow.finish()
    this.#secure.cutAfter(this.#options.limits.drainMs)
  }

  #ended(): void {
    this.#leave({ by: 'link', reason: 'lost' })
    this.#secure.outflow.finish()
    this.#secure.cutAfter(this.#options.limits.drainMs)
  }

  #broken(error: unknown): void {
    const { reason, cause } = blame(error)
    this.#leave({ by: 'us', reason, error: cause })
    this.#secure.dismiss(reason)
  }

  #cut(reason: ByeReason | 'too-slow', error: Error): void {
    this.#leave({ by: 'us', reason, error })
    this.#secure.destroy(error)
  }

  #closed(cause: Error | undefined): SessionEnd {
    return this.#leave({ by: 'link', reason: 'lost', ...(cause === undefined ? {} : { error: cause }) })
  }

  /** The first end counts. */
  #leave(end: SessionEnd): SessionEnd {
    if (this.#end !== undefined) return this.#end
    this.#end = end
    this.#stopKeepAlive()
    this.#options.onLeaving(this)
    return end
  }

  #push(bytes: Uint8Array): boolean {
    const { outflow } = this.#secure
    if (outflow.push(bytes)) return true
    if (this.isOpen) this.#cut('too-slow', new SessionError('too-slow', 'the other side reads too slowly'))
    return false
  }

  #ping(): void {
    this.#pingedAtMs ??= this.#options.clock.elapsedMs()
    this.#push(PING)
  }

  #ponged(): void {
    if (this.#pingedAtMs === undefined) return
    this.#roundTripMs = this.#options.clock.elapsedMs() - this.#pingedAtMs
    this.#pingedAtMs = undefined
  }
}

const PING = encodeFrame({ type: TYPE.ping })
const PONG = encodeFrame({ type: TYPE.pong })

/** What the other side did, or what a handler made of it. */
function blame(error: unknown): { reason: ByeReason; cause: Error } {
  if (error instanceof FrameError)
    return { reason: error.code === 'unsupported' ? 'unsupported' : 'bad-frame', cause: error }
  if (error instanceof CborError) return { reason: 'bad-frame', cause: error }
  if (error instanceof SessionError) return { reason: 'protocol-violation', cause: error }
  return {
    reason: 'protocol-violation',
    cause: new SessionError('protocol-violation', 'a frame could not be handled', { cause: error }),
  }
}
