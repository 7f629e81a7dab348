// The part of the composition root that reaches other peers: sessions, who is let in, and who is dialled when.
import { join } from 'node:path'
import { systemClock } from '@parley/shared/clock.ts'
import type { AccountId, ConversationId, DeviceKey } from '@parley/shared/ids.ts'
import { CLONE_WINDOW_MS, MAX_ENDPOINTS, MAX_HELLO_ROTATIONS } from '@parley/shared/limits.ts'
import { type ByeReason, type FrameOf, TYPE } from '@parley/shared/wire/frames.ts'
import { CloneWatch } from '#connection/clone-watch.ts'
import { Dialler } from '#connection/dialler.ts'
import { Doorkeeper } from '#connection/doorkeeper.ts'
import { describeFixedPeer, type FixedPeer, FixedPeers } from '#connection/fixed-peers.ts'
import { Keeper } from '#connection/keeper.ts'
import { Copies } from '#conversation/copies.ts'
import { noteAttempt } from '#conversation/note-attempt.ts'
import type { DeliveryLog } from '#delivery/ports.ts'
import type { Route } from '#directory/http-exchange.ts'
import { DialFilter } from '#discovery/dial-filter.ts'
import { EndpointFinder, type EndpointFinderOptions } from '#discovery/endpoint-finder.ts'
import type { Identity } from '#identity/identity.ts'
import { PROFILE_FILES } from '#identity/profile-directory.ts'
import type { Candidate, Judge, Verdict } from '#session/judge.ts'
import type { Session, SessionEnd, SessionFrame } from '#session/session.ts'
import { Sessions } from '#session/sessions.ts'
import type { TlsCredentials } from '#session/tls-credentials.ts'
import { Traffic } from '#session/traffic.ts'
import type { Store } from '#store/store.ts'
import { tcp } from '#transport/tcp.ts'
import type { Transport } from '#transport/transport.ts'

export interface NetworkSettings {
  readonly profile: string
  readonly allowPrivate: boolean
  readonly maxPeers: number | undefined
  /** Only peers that know it too get a session. */
  readonly networkToken: string | undefined
  readonly transports?: readonly Transport[] | undefined
}

/** Frames that there is work with. */
export type HeavyFrame = Exclude<SessionFrame, FrameOf<typeof TYPE.typing>>

export interface NetworkOptions extends NetworkSettings {
  readonly identity: Identity
  readonly credentials: TlsCredentials
  readonly store: Store
  readonly log: DeliveryLog
  /** Over which the directory was reached last. */
  readonly route: () => Route | undefined
  readonly lookup: EndpointFinderOptions['lookup']
  /** Asked once the doorkeeper has nothing against it. */
  readonly judge: Judge
  readonly onFrame: (session: Session, frame: HeavyFrame) => Promise<void>
  /** A device of the account says that its owner writes. */
  readonly onTyping: (account: AccountId, conversation: ConversationId) => void
  readonly onUp: (session: Session) => void
  readonly onDown: (session: Session, end: SessionEnd) => void
  /** There is a change in how it is tried to reach the device. */
  readonly onDialling: (device: DeviceKey) => void
  readonly onFixedPeer: (peer: FixedPeer) => void
  readonly onFailed: (error: unknown) => void
}

const MAX_BEFORE_TYPING_BYTES = 64 * 1024
const IN_USE: ByeReason = 'profile-in-use'

export class Network {
  readonly sessions: Sessions
  readonly keeper: Keeper
  readonly fixedPeers: FixedPeers
  readonly doorkeeper: Doorkeeper
  readonly copies: Copies
  readonly traffic: Traffic
  readonly #clones = new CloneWatch(() => systemClock.elapsedMs())

  /** Throws BlacklistError. */
  constructor({ identity, store, log, ...options }: NetworkOptions) {
    const me = identity.device.publicKey
    const { networkToken, profile, maxPeers, onFailed } = options
    this.copies = new Copies({ store, me, log, now: Date.now, onFailed })
    this.doorkeeper = new Doorkeeper({ me, blacklist: join(profile, PROFILE_FILES.blacklist), networkToken, log })
    this.sessions = new Sessions({
      self: me,
      credentials: options.credentials,
      transports: options.transports ?? [tcp],
      greeting: (remote) => ({
        features: [],
        deviceCertificate: identity.certificate,
        rotations: identity.rotations.slice(-MAX_HELLO_ROTATIONS),
        name: identity.name,
        networkToken: this.doorkeeper.proofFor(remote),
      }),
      isUnwelcome: this.doorkeeper.isUnwelcome,
      judge: (candidate) => {
        const verdict = this.doorkeeper.judge(candidate)
        if (verdict !== 'accept') return verdict
        const { device, hello } = candidate
        return this.#clones.takesTurns(device, hello.boot) ? this.#refuseCopies(candidate) : options.judge(candidate)
      },
      onFrame: (session, frame) => {
        if (frame.type !== TYPE.typing) return options.onFrame(session, frame)
        if (session.purpose === 'messages') options.onTyping(session.certificate.accountId, frame.conversation)
        return undefined
      },
      onUp: (session) => {
        options.onUp(session)
        this.keeper.sessionUp(session.device)
        this.fixedPeers.sessionUp(session.device)
      },
      onDown: (session, end) => {
        this.traffic.ended(session)
        this.keeper.sessionDown(session.device, end)
        this.fixedPeers.sessionDown(session.device, end)
        log.info({ device: session.device, by: end.by, reason: end.reason }, 'session ended')
        if (end.by === 'peer' && end.reason === IN_USE) this.copies.told()
        options.onDown(session, end)
      },
      onInboundFailed: (error, remoteAddress) => {
        if (error.bye?.reason === IN_USE && error.code === 'refused') this.copies.told()
        log.debug({ remoteAddress, code: error.code, reason: error.message }, 'an inbound link did not come up')
      },
      ...(maxPeers === undefined ? {} : { inboundLimits: { links: maxPeers } }),
    })
    this.traffic = new Traffic(() => this.sessions.list())
    const finder = new EndpointFinder({
      worked: (device) => store.devices.endpoints(device, MAX_ENDPOINTS),
      lookup: options.lookup,
      filter: new DialFilter({ route: options.route, allowPrivate: options.allowPrivate }),
    })
    const dialler = new Dialler({
      sessions: this.sessions,
      refuses: this.doorkeeper.refuses,
      onAttempt: (attempt) => {
        if (attempt.bye === IN_USE && attempt.outcome === 'refused') this.copies.told()
        noteAttempt(store, attempt).catch(onFailed)
      },
    })
    this.keeper = new Keeper({ dialler, finder, onState: options.onDialling })
    this.fixedPeers = new FixedPeers({
      dialler,
      onState: (peer) => {
        log.info({}, describeFixedPeer(peer, Date.now()))
        options.onFixedPeer(peer)
      },
    })
  }

  /** False when there is no session to the device. */
  sendRaw(device: DeviceKey, bytes: Uint8Array): boolean {
    return this.sessions.current(device)?.send({ type: TYPE.app, bytes }) ?? false
  }

  /** False when there is no session to the device, or so much waits in it that this would come too late. */
  readonly tellTyping = (device: DeviceKey, conversation: ConversationId): boolean => {
    const session = this.sessions.current(device)
    if (session === undefined || session.bufferedBytes > MAX_BEFORE_TYPING_BYTES) return false
    return session.send({ type: TYPE.typing, conversation })
  }

  /** Two processes use the profile of a device at once: neither gets a session for a while. */
  #refuseCopies({ device, certificate }: Candidate): Verdict {
    this.copies.seen(certificate.accountId, device)
    void this.sessions.current(device)?.close(IN_USE, { retryAfterMs: CLONE_WINDOW_MS })
    return { bye: IN_USE, retryAfterMs: CLONE_WINDOW_MS }
  }

  /** No dial any more, then no session. */
  async stop(): Promise<void> {
    this.traffic.stop()
    this.doorkeeper.stop()
    await Promise.all([this.keeper.stop(), this.fixedPeers.stop()])
  }
}
