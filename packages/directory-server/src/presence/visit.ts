import type { Duplex } from 'node:stream'
import {
  CLOSE,
  type FromDirectory,
  type PresenceChange,
  type ToDirectory,
} from '@parley/shared/directory-api/presence.ts'
import type { Problem } from '@parley/shared/directory-api/problem.ts'
import type { AccountId, DeviceKey, Name } from '@parley/shared/ids.ts'
import type { WebSocket } from 'ws'
import { FrameSocket, type FrameSocketLimits, type SocketDrop } from './frame-socket.ts'
import { PresenceError } from './presence-error.ts'
import type { Watcher, Watchers } from './watchers.ts'

/** A device that proved its key, and the name whose record lists it. */
export interface PresentDevice {
  readonly name: Name
  readonly accountId: AccountId
  readonly deviceKey: DeviceKey
}

/** Why a visit is cut. */
export type VisitDrop = SocketDrop | 'rate-watch' | 'frame-flood' | 'unauthenticated-timeout' | 'bad-proof'

export interface VisitLimits extends FrameSocketLimits {
  readonly MAX_WATCHED_NAMES: number
  readonly PRESENCE_AUTH_TIMEOUT_MS: number
}

/** What a visit asks of those who know. */
export interface Host {
  authenticate(proof: string, nonce: string): Promise<PresentDevice>
  /** Resolves to the device's count of one-time prekeys once its account is seen here. */
  arrived(visit: Visit, device: PresentDevice): Promise<void>
  left(visit: Visit, device: PresentDevice | undefined): void
  stateOf(name: Name): PresenceChange
  problemOf(error: unknown): Pick<Problem, 'code' | 'detail' | 'title'>
  /** Something that is not the visitor's fault. */
  failed(error: unknown): void
  dropped(reason: VisitDrop): void
}

/** Who comes, as far as it is known before the proof. */
export interface Visitor {
  readonly address: string
  /** Whether it may begin to watch so many names now. */
  readonly mayWatch: (names: number) => boolean
}

export interface VisitOptions {
  readonly socket: WebSocket
  /** What the WebSocket is on. */
  readonly stream: Duplex
  readonly visitor: Visitor
  readonly nonce: string
  readonly limits: VisitLimits
  readonly host: Host
  readonly watchers: Watchers
}

type State =
  | { name: 'challenged'; nonce: string; deadline: NodeJS.Timeout }
  | { name: 'authenticating'; deadline: NodeJS.Timeout }
  | { name: 'present'; device: PresentDevice }
  | { name: 'over' }

/** RFC 6455 section 7.4.1: our own fault, and "try again later" from the IANA registry of close codes. */
const INTERNAL_ERROR = 1011
const TRY_AGAIN_LATER = 1013

/** One connection of one device, from the challenge to the end. */
export class Visit implements Watcher {
  readonly #visitor: Visitor
  readonly #socket: FrameSocket
  readonly #limits: VisitLimits
  readonly #host: Host
  readonly #watchers: Watchers
  readonly #watched = new Set<Name>()
  #state: State

  constructor({ socket, stream, visitor, nonce, limits, host, watchers }: VisitOptions) {
    this.#visitor = visitor
    this.#limits = limits
    this.#host = host
    this.#watchers = watchers
    this.#socket = new FrameSocket({
      socket,
      stream,
      limits,
      receive: (frame) => this.#receive(frame),
      failed: (error) => this.#fail(error),
      tooSlow: () => this.end(CLOSE.tooSlow),
      dropped: (reason) => host.dropped(reason),
      closed: () => this.#leave(),
    })
    const deadline = setTimeout(() => this.#fail(new PresenceError('too-late', LATE)), limits.PRESENCE_AUTH_TIMEOUT_MS)
    this.#state = { name: 'challenged', nonce, deadline }
    this.#socket.send({ type: 'challenge', nonce })
  }

  /** The device, once it proved its key and until the end. */
  get device(): PresentDevice | undefined {
    return this.#state.name === 'present' ? this.#state.device : undefined
  }

  get address(): string {
    return this.#visitor.address
  }

  get isOpen(): boolean {
    return this.#socket.isOpen
  }

  send(frame: FromDirectory): void {
    this.#socket.send(frame)
  }

  sendFrames(frames: Buffer): void {
    this.#socket.sendFrames(frames)
  }

  /** Whoever ends a visit sees it as over at once; the socket closes when the other side agrees, or soon. */
  end(code: number, error?: unknown): void {
    this.#socket.end(code, error === undefined ? undefined : this.#lastWords(error))
    this.#leave()
  }

  async #receive(frame: ToDirectory): Promise<void> {
    switch (frame.type) {
      case 'authenticate':
        await this.#authenticate(frame.proof)
        return
      case 'watch':
        this.#watch(frame.names)
        return
      case 'unwatch':
        this.#requirePresent()
        for (const name of frame.names) this.#unwatch(name)
    }
  }

  async #authenticate(proof: string): Promise<void> {
    if (this.#state.name !== 'challenged') {
      throw new PresenceError('already-authenticated', 'this connection is authenticated already')
    }
    const { nonce, deadline } = this.#state
    this.#state = { name: 'authenticating', deadline }
    const device = await this.#host.authenticate(proof, nonce)
    if (!this.isOpen) return
    clearTimeout(deadline)
    this.#state = { name: 'present', device }
    await this.#host.arrived(this, device)
  }

  #watch(names: readonly Name[]): void {
    this.#requirePresent()
    if (!this.#visitor.mayWatch(names.length)) throw new PresenceError('too-often', TOO_OFTEN)
    for (const name of names) this.#watched.add(name)
    const most = this.#limits.MAX_WATCHED_NAMES
    if (this.#watched.size > most) {
      throw new PresenceError('too-many-names', `one connection watches at most ${most} names`)
    }
    for (const name of names) this.#watchers.add(this, name)
    this.send({ type: 'presence', changes: names.map((name) => this.#host.stateOf(name)) })
  }

  #unwatch(name: Name): void {
    this.#watched.delete(name)
    this.#watchers.remove(this, name)
  }

  #requirePresent(): void {
    if (this.#state.name !== 'present') throw new PresenceError('not-authenticated', 'authenticate first')
  }

  #fail(error: unknown): void {
    const closeCode = this.#closeCodeOf(error)
    if (closeCode === INTERNAL_ERROR) this.#host.failed(error)
    const reason = dropReasonOf(error, closeCode)
    if (reason !== undefined) this.#host.dropped(reason)
    this.end(closeCode, error)
  }

  #closeCodeOf(error: unknown): number {
    if (error instanceof PresenceError) {
      if (error.code === 'too-often') return TRY_AGAIN_LATER
      return isAnonymous(error) ? CLOSE.unauthenticated : CLOSE.badRequest
    }
    const { code } = this.#host.problemOf(error)
    if (code === 'internal') return INTERNAL_ERROR
    if (code === 'unavailable' || code === 'busy') return TRY_AGAIN_LATER
    return CLOSE.unauthenticated
  }

  #lastWords(error: unknown): FromDirectory {
    if (error instanceof PresenceError) {
      return { type: 'problem', code: problemCodeOf(error), detail: error.message }
    }
    const { code, detail, title } = this.#host.problemOf(error)
    return { type: 'problem', code, detail: detail ?? title }
  }

  #leave(): void {
    if (this.#state.name === 'over') return
    const { device } = this
    if ('deadline' in this.#state) clearTimeout(this.#state.deadline)
    this.#state = { name: 'over' }
    for (const name of this.#watched) this.#unwatch(name)
    this.#host.left(this, device)
  }
}

function problemCodeOf(error: PresenceError): Problem['code'] {
  if (error.code === 'too-often') return 'rate-limited'
  return isAnonymous(error) ? 'not-a-user' : 'bad-request'
}

function isAnonymous({ code }: PresenceError): boolean {
  return code === 'not-authenticated' || code === 'too-late' || code === 'unlisted'
}

function dropReasonOf(error: unknown, closeCode: number): VisitDrop | undefined {
  if (!(error instanceof PresenceError)) return closeCode === CLOSE.unauthenticated ? 'bad-proof' : undefined
  switch (error.code) {
    case 'too-late':
      return 'unauthenticated-timeout'
    case 'frame-flood':
      return 'frame-flood'
    case 'too-often':
      return 'rate-watch'
    case 'not-authenticated':
    case 'unlisted':
      return 'bad-proof'
    default:
      return 'bad-frame'
  }
}

const TOO_OFTEN = 'too many names watched from your address; try again in a minute'
const LATE = 'authenticate sooner after connecting'
