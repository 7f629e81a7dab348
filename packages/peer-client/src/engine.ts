// The composition root of a peer: every part made once, by hand, in start order, and stopped in the reverse one.
import { join } from 'node:path'
import type { AccountId, DeviceKey } from '@parley/shared/ids.ts'
import { timedAsync } from '@parley/shared/spans.ts'
import { TYPE } from '@parley/shared/wire/frames.ts'
import { BYE_FOR } from '#conversation/admission.ts'
import { Archive } from '#conversation/archive.ts'
import { ContactBook } from '#conversation/contact-book.ts'
import type { Contacts } from '#conversation/contacts.ts'
import { Conversations, type Happening } from '#conversation/conversations.ts'
import type { Feed } from '#conversation/feed.ts'
import type { MessageViews } from '#conversation/message-views.ts'
import { Messaging } from '#conversation/messaging.ts'
import type { Notice } from '#conversation/notes.ts'
import { Overview } from '#conversation/overview.ts'
import { OwnAccount } from '#conversation/own-account.ts'
import { People } from '#conversation/people.ts'
import { Reachability } from '#conversation/reachability.ts'
import type { ReadReceipts } from '#conversation/read-receipts.ts'
import type { Received } from '#conversation/received.ts'
import { Trust } from '#conversation/trust.ts'
import type { Delivery } from '#delivery/delivery.ts'
import { SessionLines } from '#delivery/session-lines.ts'
import { Membership } from '#directory/membership.ts'
import { myEndpoints } from '#discovery/my-endpoints.ts'
import type { Identity } from '#identity/identity.ts'
import { PROFILE_FILES } from '#identity/profile-directory.ts'
import type { Candidate, Verdict } from '#session/judge.ts'
import type { Session } from '#session/session.ts'
import { createTlsCredentials, type TlsCredentials } from '#session/tls-credentials.ts'
import { openStore, type Store } from '#store/store.ts'
import type { Listener } from '#transport/transport.ts'
import type { EngineOptions } from './engine-options.ts'
import { type HeavyFrame, Network } from './network.ts'

export class Engine {
  readonly identity: Identity
  readonly store: Store
  readonly contacts: Contacts
  readonly contactBook: ContactBook
  readonly people: People
  readonly views: MessageViews
  readonly conversations: Conversations
  readonly archive: Archive
  readonly receipts: ReadReceipts
  readonly received: Received
  readonly reachability: Reachability
  readonly trust: Trust
  readonly account: OwnAccount
  readonly overview: Overview
  readonly delivery: Delivery
  readonly membership: Membership | undefined
  readonly happenings: Feed<Happening>
  readonly notices: Feed<Notice>
  readonly #options: EngineOptions
  readonly #network: Network
  readonly #lines = new SessionLines()
  readonly copiedAt = (): number | undefined => this.#network.copies.toldAt
  #listener: Listener | undefined
  #stopping: Promise<void> | undefined

  /** Everything made and nothing begun but the listening. Rejects when the port is taken or the database cannot be used. */
  static async start(options: EngineOptions): Promise<Engine> {
    const credentials = createTlsCredentials(options.identity.device.privateKey)
    const store = openStore(join(options.profile, PROFILE_FILES.data), options.onBroken, options.key?.database)
    let engine: Engine | undefined
    try {
      engine = new Engine(options, store, credentials)
      await engine.#begin()
      return engine
    } catch (error) {
      if (engine === undefined) store.close()
      else await engine.stop()
      throw error
    }
  }

  private constructor(options: EngineOptions, store: Store, credentials: TlsCredentials) {
    const { identity, log } = options
    const me = { account: identity.accountId, device: identity.device.publicKey }
    this.#options = options
    this.identity = identity
    this.store = store
    store.meta.set('device', me.device)
    store.meta.set('account', me.account)

    const messaging = new Messaging({
      store,
      key: options.key?.database,
      identity,
      log,
      claimBundle: (device, signal) => this.#claim(device, signal),
      isBlacklisted: (one) => this.#network.doorkeeper.isBlacklisted(one),
      onContactChange: (account) => this.#contactChanged(account),
      onKeyNews: (news) => this.trust.keyNews(news),
    })
    this.contacts = messaging.contacts
    this.views = messaging.views
    this.delivery = messaging.delivery
    this.happenings = messaging.happenings
    this.received = messaging.received
    this.notices = messaging.notices
    this.receipts = messaging.receipts
    this.membership = this.#makeMembership(messaging)
    this.people = new People({ store, contacts: this.contacts, me: me.account, directory: this.membership, log })

    this.#network = new Network({
      ...options,
      credentials,
      store,
      route: () => this.membership?.client.route,
      lookup: (device, signal) => this.people.lookupDevice(device, signal),
      judge: (candidate) => this.#judge(candidate),
      onFrame: (session, frame) => this.#frame(session, frame),
      onTyping: (account, conversation) => this.conversations.typing.heard(account, conversation),
      onUp: (session) => this.#up(session),
      onDown: (session) => {
        this.delivery.detach(this.#lines.of(session))
        this.#peerChanged(session.device)
      },
      onDialling: (device) => this.#peerChanged(device),
      onFixedPeer: (peer) => this.reachability.fixedPeerChanged(peer),
      onFailed: (error) => this.#failed(error),
    })
    this.reachability = new Reachability({
      store,
      contacts: this.contacts,
      keeper: this.#network.keeper,
      fixedPeers: this.#network.fixedPeers,
      quota: this.delivery.outbox.quota,
      currentSession: (device) => this.#network.sessions.current(device),
    })
    this.trust = new Trust({
      store,
      contacts: this.contacts,
      people: this.people,
      delivery: this.delivery,
      happenings: this.happenings,
      me: () => ({ ...me, accountKey: identity.account.publicKey }),
      endSession: (device) => void this.#network.sessions.current(device)?.close('key-changed'),
      now: Date.now,
      log,
    })
    this.account = new OwnAccount({
      identity,
      store,
      membership: this.membership,
      reconnect: () => this.#reconnect(),
      now: Date.now,
    })
    const { contacts, views, people, reachability, delivery } = this
    this.contactBook = new ContactBook({ store, contacts, people, reachability })
    const { traffic, tellTyping } = this.#network
    const { quota } = delivery.outbox
    this.overview = new Overview({ store, contacts, views, reachability, quota, me: me.account, traffic })
    const poke = (account: AccountId): void => this.reachability.poke(account)
    const { notes, revisions, reactions, receipts, heard, happenings, search, eventLog } = messaging
    const parts = { store, delivery, contacts, views, notes, revisions, reactions, receipts, heard, happenings }
    this.conversations = new Conversations({ ...parts, me, now: Date.now, poke, tellTyping })
    this.archive = new Archive({ ...parts, search, eventLog, reachability, identity, now: Date.now })
  }

  /** Where other peers reach this one. */
  get listening(): { readonly host: string; readonly port: number } | undefined {
    return this.#listener
  }

  /** False when there is no session to the device. */
  sendRaw(account: AccountId, bytes: Uint8Array): boolean {
    return this.store.devices.ofAccount(account).some(({ device }) => this.#network.sendRaw(device, bytes))
  }

  /** In the reverse order; what is committed is kept. Twice is safe. */
  stop(): Promise<void> {
    this.#stopping ??= this.#shutDown()
    return this.#stopping
  }

  async #begin(): Promise<void> {
    this.delivery.start()
    this.#listener = await this.#network.sessions.listen(this.#options.listen)
    const { host, port } = this.#listener
    this.#options.log.info({ host, port, policy: 'open' }, 'listening; whoever writes first becomes a contact')
    this.#network.doorkeeper.watch(() => this.#blacklistChanged())
    this.membership?.start()
    this.reachability.start()
    this.archive.start()
    for (const { account } of this.store.contacts.all()) this.#contactChanged(account)
    await this.account.resume()
    this.trust.resume().catch((error: unknown) => this.#failed(error))
    for (const address of this.#options.peers) this.#network.fixedPeers.add(address)
  }

  async #shutDown(): Promise<void> {
    this.conversations.stop()
    this.received.stop()
    await this.#network.stop()
    await this.membership?.stop()
    await this.#network.sessions.stop()
    await this.delivery.stop()
    await this.archive.stop()
    this.store.close()
  }

  #makeMembership(messaging: Messaging): Membership | undefined {
    const { directory, identity, log } = this.#options
    if (directory === undefined) return undefined
    return new Membership({
      ...directory,
      identity,
      log,
      facts: this.store.meta,
      statement: (route, observedAddress) => ({
        endpoints:
          this.#listener === undefined ? [] : myEndpoints({ listening: this.#listener, route, observedAddress }),
        features: [],
      }),
      prekeys: (held) => messaging.prekeyBatch(held),
      isBatchDue: (held) => messaging.isBatchDue(held),
      onPresence: (change) => {
        const directory = this.membership?.pinnedAudience()
        if (directory === undefined) return
        this.reachability.presenceChanged(change, directory)
        const account = this.contacts.byName(directory, change.name)
        if (account === undefined) return
        this.people.checkName(account, change.name)
        for (const { device } of this.store.devices.ofAccount(account)) this.#options.onPeerChange(device)
      },
    })
  }

  async #judge(candidate: Candidate): Promise<Verdict> {
    const { accountId: account } = candidate.certificate
    if (this.reachability.isApart(account)) return { bye: 'disconnected', retryAfterMs: 60_000 }
    const admission = await this.contacts.admit(candidate)
    if (admission === 'admitted') return 'accept'
    this.#options.log.warn({ device: candidate.device, account, admission }, 'a device was not let in')
    return BYE_FOR[admission]
  }

  #up(session: Session): void {
    const { device, certificate } = session
    const fields = { device, peer: session.hello.name, path: session.path, address: session.remoteAddress }
    this.#options.log.info(fields, this.#lines.has(session) ? 'session in use again' : 'session open')
    this.delivery.attach(this.#lines.of(session))
    this.#peerChanged(device)
    // A stranger is reached again once he has written; until then it is for him to come.
    if (this.contacts.get(certificate.accountId)?.state !== 'stranger') this.reachability.want(certificate.accountId)
    this.people.checkName(certificate.accountId, session.hello.name)
  }

  async #frame(session: Session, frame: HeavyFrame): Promise<void> {
    if (session.purpose !== 'messages') return
    if (frame.type !== TYPE.app)
      return timedAsync('answer', () => this.delivery.receive(this.#lines.of(session), frame))
    const account = this.store.devices.get(session.device)?.account
    if (account !== undefined) this.#options.onRaw(account, frame.bytes)
  }

  #claim(device: DeviceKey, signal: AbortSignal): ReturnType<Membership['claim']> {
    if (this.membership === undefined) return Promise.reject(new Error('this profile uses no directory'))
    const account = this.store.devices.get(device)?.account
    return this.membership.claim(this.people.vouchedName(account), device, signal)
  }

  #contactChanged(account: AccountId): void {
    const name = this.contacts.get(account)?.state === 'stranger' ? undefined : this.people.vouchedName(account)
    if (name !== undefined) this.membership?.watch([name])
    this.reachability.contactChanged(account)
    for (const { device } of this.store.devices.ofAccount(account))
      this.delivery.serve(device).catch((error: unknown) => this.#failed(error))
  }

  /** Who is on it now loses what he has here; who no longer is may come again. */
  #blacklistChanged(): void {
    const { doorkeeper, sessions } = this.#network
    for (const { account } of this.store.contacts.all()) {
      if (doorkeeper.isBlacklisted(account)) this.reachability.shun(account)
      else this.#contactChanged(account)
    }
    for (const session of sessions.list()) if (doorkeeper.mustLeave(session)) void session.close('declined')
  }

  #reconnect(): void {
    for (const session of this.#network.sessions.list()) {
      void session.close('stopping').then(() => this.#network.keeper.poke(session.device))
    }
  }

  #peerChanged(device: DeviceKey): void {
    this.reachability.sessionChanged(device)
    this.#options.onPeerChange(device)
  }

  #failed(error: unknown): void {
    this.#options.log.error({ err: error }, 'something could not be stored')
  }
}
