import { randomBytes } from 'node:crypto'
import { type Clock, systemClock } from '@parley/shared/clock.ts'
import type { DeviceKey } from '@parley/shared/ids.ts'
import type { Endpoint } from '@parley/shared/signed/device-statement.ts'
import type { Purpose } from '@parley/shared/wire/frames.ts'
import type { Link, Listener, ListenOptions, Transport } from '#transport/transport.ts'
import { CurrentSessions } from './current-sessions.ts'
import { abortError, deadline } from './deadline.ts'
import { byeFor, type Greeting, type Introduction, readHello, sayHello } from './hello.ts'
import { InboundBudget } from './inbound-budget.ts'
import { InboundGate, type InboundLimits } from './inbound-gate.ts'
import { askJudge, type Judge } from './judge.ts'
import { type Direction, type SecureLink, secureLink } from './secure-link.ts'
import { Session, type SessionEnd, type SessionFrame } from './session.ts'
import { asSessionError, SessionError } from './session-error.ts'
import { SESSION_LIMITS, type SessionLimits } from './session-limits.ts'
import type { TlsCredentials } from './tls-credentials.ts'
import type { Winner } from './which-session.ts'

/** The callbacks must not throw, except `onFrame`, whose failure ends the session the frame came by. */
export interface SessionsOptions {
  readonly self: DeviceKey
  /** Over the private half of `self`. */
  readonly credentials: TlsCredentials
  readonly transports: readonly Transport[]
  /** What this device says of itself to that one. */
  readonly greeting: (remote: DeviceKey) => Greeting
  /** Addresses whose links are dropped before a byte is read. */
  readonly isUnwelcome?: (remoteAddress: string) => boolean
  /** Who is let in; without it, everybody. */
  readonly judge?: Judge
  /** One frame at a time per session: while the promise is pending the next one waits, and in the end so does the sender. */
  readonly onFrame: (session: Session, frame: SessionFrame) => void | Promise<void>
  /** The session is now the current one of its device and purpose. It can be so again after a newer one lost. */
  readonly onUp?: (session: Session) => void
  /** A session that was up is gone. The device may have another one: see `current`. */
  readonly onDown?: (session: Session, end: SessionEnd) => void
  /** An inbound link did not come up. */
  readonly onInboundFailed?: (error: SessionError, remoteAddress: string | undefined) => void
  readonly clock?: Clock
  /** 16 bytes that tell this process from the one before it. */
  readonly boot?: Uint8Array
  readonly limits?: Partial<SessionLimits>
  readonly inboundLimits?: Partial<InboundLimits>
}

export interface DialOptions {
  /** The device that must answer. Without it whoever answers is taken, and `session.device` says who. */
  readonly expect?: DeviceKey | undefined
  readonly purpose?: Purpose | undefined
  readonly signal?: AbortSignal | undefined
}

/** All sessions of this device: who dials and who listens ends in the same one current session per device and purpose. */
export class Sessions {
  readonly #options: SessionsOptions
  readonly #clock: Clock
  readonly #boot: Uint8Array
  readonly #limits: SessionLimits
  readonly #gate: InboundGate
  readonly #budget: InboundBudget
  readonly #current: CurrentSessions
  readonly #listeners = new Set<Listener>()
  readonly #secured = new Set<SecureLink>()
  readonly #up = new Set<Session>()
  readonly #atWork = new Set<Promise<unknown>>()
  readonly #turns = new Map<string, Promise<unknown>>()
  readonly #stopped = new AbortController()
  #stopping: Promise<void> | undefined

  constructor(options: SessionsOptions) {
    const { clock = systemClock, boot = randomBytes(16), limits, inboundLimits, onUp } = options
    this.#options = options
    this.#clock = clock
    this.#boot = boot
    this.#limits = { ...SESSION_LIMITS, ...limits }
    this.#gate = new InboundGate(clock, inboundLimits)
    this.#budget = new InboundBudget(this.#limits.maxInboundTotalBytes)
    this.#current = new CurrentSessions(options.self, clock, this.#limits.drainMs, (session) => onUp?.(session))
  }

  /** The one to send on. */
  current(device: DeviceKey, purpose: Purpose = 'messages'): Session | undefined {
    return this.#current.get(device, purpose)
  }

  isConnected(device: DeviceKey): boolean {
    return this.current(device) !== undefined
  }

  /** The current ones. */
  list(): Session[] {
    return this.#current.list()
  }

  /** Rejects with TransportError. */
  async listen(options: ListenOptions, kind: Endpoint['transport'] = 'tcp'): Promise<Listener> {
    this.#stopped.signal.throwIfAborted()
    const isLocal = isLoopback(options.host)
    const listener = await this.#transport(kind).listen(options, (link) => {
      void this.#track(this.#accept(link, isLocal ? undefined : link.remoteAddress))
    })
    const stop = async () => {
      this.#listeners.delete(owned)
      await listener.stop()
    }
    const owned: Listener = { host: listener.host, port: listener.port, stop }
    this.#listeners.add(owned)
    if (this.#stopped.signal.aborted) {
      await stop()
      throw abortError(this.#stopped.signal)
    }
    return owned
  }

  /** The session that is current afterwards, which is another one when this dial lost against it. Rejects with SessionError. */
  dial(endpoint: Endpoint, { expect, purpose = 'messages', signal }: DialOptions = {}): Promise<Session> {
    const stopped = this.#stopped.signal
    return this.#track(
      this.#dial(endpoint, expect, purpose, signal === undefined ? stopped : AbortSignal.any([stopped, signal])),
    )
  }

  /** Ends every session with bye `stopping`, lets briefly leave what was sent, and leaves nothing open. Twice is safe. */
  stop(): Promise<void> {
    this.#stopping ??= this.#shutDown()
    return this.#stopping
  }

  async #shutDown(): Promise<void> {
    this.#stopped.abort(new SessionError('stopped', 'this peer is stopping'))
    await Promise.allSettled([...this.#listeners].map((listener) => listener.stop()))
    await Promise.allSettled(this.#atWork)
    const drainMs = this.#limits.stopDrainMs
    for (const session of this.#up) void session.close('stopping', { drainMs })
    const cancel = this.#clock.after(drainMs, () => {
      for (const secure of this.#secured) secure.destroy()
    })
    await Promise.all([...this.#secured].map((secure) => secure.closed))
    await Promise.all([...this.#up].map((session) => session.closed))
    cancel()
  }

  async #dial(endpoint: Endpoint, expect: DeviceKey | undefined, purpose: Purpose, signal: AbortSignal) {
    const link = await this.#reach(endpoint, signal)
    const secure = await this.#secure(link, 'outbound', signal, expect)
    return this.#inTurn(`${secure.device} ${purpose}`, async () => {
      try {
        const introduction = await this.#introduce(secure, purpose, signal)
        const winner = this.#compare(secure, introduction)
        if (winner !== 'current') return this.#bringUp(secure, introduction, winner)
        secure.dismiss('replaced')
      } catch (error) {
        const failure = this.#giveUp(secure, error)
        if (failure.code !== 'refused' || failure.bye?.reason !== 'replaced') throw failure
      }
      const kept = this.current(secure.device, purpose)
      if (kept === undefined) throw new SessionError('ended', 'the session that was kept instead has ended')
      return kept
    })
  }

  async #reach(endpoint: Endpoint, signal: AbortSignal): Promise<Link> {
    using limit = deadline(this.#clock, this.#limits.dialMs, 'reaching the endpoint', signal)
    try {
      return await this.#transport(endpoint.transport).dial(endpoint, { signal: limit.signal })
    } catch (error) {
      throw limit.signal.aborted ? abortError(limit.signal) : asSessionError('link-failed', error)
    }
  }

  async #accept(link: Link, countedAddress: string | undefined): Promise<void> {
    const { isUnwelcome, onInboundFailed } = this.#options
    if (link.remoteAddress !== undefined && isUnwelcome?.(link.remoteAddress) === true) {
      link.stream.on('error', ignore).destroy()
      onInboundFailed?.(new SessionError('declined', 'its address is on the blacklist'), link.remoteAddress)
      return
    }
    const dropped = new AbortController()
    const admission = this.#gate.admit(countedAddress, () => {
      dropped.abort(new SessionError('declined', 'it gave way to other links'))
    })
    link.stream.on('error', ignore).once('close', () => admission?.leave())
    if (admission === undefined) {
      link.stream.destroy()
      onInboundFailed?.(new SessionError('declined', 'too many inbound links'), link.remoteAddress)
      return
    }
    try {
      await this.#welcome(link, AbortSignal.any([this.#stopped.signal, dropped.signal]))
      admission.up()
    } catch (error) {
      onInboundFailed?.(asSessionError('link-failed', error), link.remoteAddress)
    }
  }

  async #welcome(link: Link, signal: AbortSignal): Promise<void> {
    const secure = await this.#secure(link, 'inbound', signal)
    try {
      const introduction = await this.#introduce(secure, undefined, signal)
      const { purpose } = introduction.hello
      const winner = this.#compare(secure, introduction)
      if (winner === 'current') return secure.dismiss('replaced')
      sayHello(secure, this.#options.greeting(secure.device), { purpose, boot: this.#boot, alone: false })
      this.#bringUp(secure, introduction, winner)
    } catch (error) {
      throw this.#giveUp(secure, error)
    }
  }

  async #secure(link: Link, direction: Direction, signal: AbortSignal, expect?: DeviceKey): Promise<SecureLink> {
    using limit = deadline(this.#clock, this.#limits.tlsMs, 'the TLS handshake', signal)
    const secure = await secureLink(link, {
      direction,
      credentials: this.#options.credentials,
      clock: this.#clock,
      signal: limit.signal,
      expect,
      budget: this.#budget,
      limits: this.#limits,
    })
    this.#secured.add(secure)
    void secure.closed.then(() => this.#secured.delete(secure))
    return secure
  }

  /** Up to the moment when this side could say yes. The dialler has said hello then, the other side has not. */
  async #introduce(secure: SecureLink, purpose: Purpose | undefined, signal: AbortSignal): Promise<Introduction> {
    const { self, greeting, judge } = this.#options
    using limit = deadline(this.#clock, this.#limits.helloMs, 'the hello', signal)
    if (purpose !== undefined && secure.device !== self) {
      const alone = this.current(secure.device, purpose) === undefined
      sayHello(secure, greeting(secure.device), { purpose, boot: this.#boot, alone })
    }
    const introduction = await readHello(secure, { self, purpose, signal: limit.signal })
    if (judge !== undefined) await askJudge(judge, secure, introduction, limit.signal)
    if (secure.isDestroyed) throw new SessionError('link-failed', 'the link ended during the hello')
    return introduction
  }

  #compare({ device, direction, link }: SecureLink, { hello }: Introduction): Winner {
    return this.#current.judge({ device, hello, direction, path: link.path })
  }

  #bringUp(secure: SecureLink, introduction: Introduction, winner: Exclude<Winner, 'current'>): Session {
    const session = new Session(secure, introduction, {
      clock: this.#clock,
      limits: this.#limits,
      onFrame: this.#options.onFrame,
      onLeaving: (leaving) => this.#current.remove(leaving),
    })
    this.#up.add(session)
    void session.closed.then((end) => {
      this.#up.delete(session)
      this.#options.onDown?.(session, end)
    })
    this.#current.add(session, winner)
    session.start()
    return session
  }

  /** Says why, where the other side should know, and lets the link go. */
  #giveUp(secure: SecureLink, error: unknown): SessionError {
    const failure = asSessionError('link-failed', error)
    const bye = byeFor(failure)
    if (bye === undefined) secure.destroy(failure)
    else secure.dismiss(bye.reason, bye.retryAfterMs)
    return failure
  }

  /** One hello at a time per device and purpose, so that what it says about other sessions is true when it is said. */
  async #inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(key) ?? Promise.resolve()).then(work, work)
    this.#turns.set(key, turn)
    try {
      return await turn
    } finally {
      if (this.#turns.get(key) === turn) this.#turns.delete(key)
    }
  }

  #transport(kind: Endpoint['transport']): Transport {
    const transport = this.#options.transports.find((candidate) => candidate.kind === kind)
    if (transport === undefined) throw new SessionError('link-failed', `there is no transport ${kind}`)
    return transport
  }

  #track<T>(work: Promise<T>): Promise<T> {
    this.#atWork.add(work)
    void Promise.allSettled([work]).then(() => this.#atWork.delete(work))
    return work
  }
}

function isLoopback(host: string): boolean {
  return host === '::1' || host.startsWith('127.')
}

function ignore(): void {}
