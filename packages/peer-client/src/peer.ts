// The library: a whole peer inside your own process. The daemon behind `parley start` is this, and a local API.
import type { AccountId } from '@parley/shared/ids.ts'
import type { HistoryPage, MessageView, Why } from '@parley/shared/local-api/messages.ts'
import type { FoundUser, PeerInfo } from '@parley/shared/local-api/peers.ts'
import type { ReceivedMessage } from '@parley/shared/local-api/received.ts'
import type { DirectoryState } from '@parley/shared/local-api/status.ts'
import { type PeerAddress, parsePeerAddress } from '#connection/peer-address.ts'
import type { Archive } from '#conversation/archive.ts'
import type { ContactBook } from '#conversation/contact-book.ts'
import type { Conversations, Happening, SendOptions } from '#conversation/conversations.ts'
import { Feed } from '#conversation/feed.ts'
import { findUsers } from '#conversation/find-users.ts'
import type { Notice } from '#conversation/notes.ts'
import type { Overview } from '#conversation/overview.ts'
import type { OwnAccount } from '#conversation/own-account.ts'
import type { ReadReceipts } from '#conversation/read-receipts.ts'
import type { Received } from '#conversation/received.ts'
import type { Trust } from '#conversation/trust.ts'
import { SILENT_LOG } from '#delivery/ports.ts'
import { CurrentIdentity } from '#identity/current-identity.ts'
import type { Identity } from '#identity/identity.ts'
import type { ProfileKey } from '#identity/profile-key.ts'
import type { ProfileLock } from '#identity/profile-lock.ts'
import { registrationTokenFor } from '#identity/registration-token.ts'
import { checkNetworkToken } from '#session/network-token.ts'
import { Engine } from './engine.ts'
import { type PeerOptions, readAddress, readDirectory, whereToListen } from './peer-options.ts'
import { openProfile } from './profile.ts'

export interface RawBytes {
  readonly account: AccountId
  readonly bytes: Uint8Array
}

/** A peer that is not started; it makes its profile when there is none. */
export function createPeer(options: PeerOptions): Peer {
  return new Peer(options)
}

export class Peer {
  readonly #options: PeerOptions
  readonly #raw = new Feed<RawBytes>()
  readonly #peerChanges = new Feed<PeerInfo>()
  readonly #stopped = new AbortController()
  #running: { engine: Engine; lock: ProfileLock; profile: string; from: string } | undefined
  #starting: Promise<this> | undefined
  #stopping: Promise<void> | undefined

  constructor(options: PeerOptions) {
    this.#options = options
  }

  /** Rejects with ProfileError, DatabaseError or TransportError, and then leaves nothing behind. One that was stopped does not start. */
  start(): Promise<this> {
    this.#starting ??= this.#start()
    return this.#starting
  }

  /** What is committed is kept; what waits goes out after the next start. Twice is safe. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  get identity(): Identity {
    return this.#engine.identity
  }

  get profile(): string {
    return this.#parts.profile
  }

  /** What the user does with the own account. */
  get account(): OwnAccount {
    return this.#engine.account
  }

  /** Safety numbers, and what the user knows of the people behind the keys. */
  get trust(): Trust {
    return this.#engine.trust
  }

  get contacts(): ContactBook {
    return this.#engine.contactBook
  }

  /** HOST:PORT where other peers reach this one. */
  get address(): PeerAddress {
    const { listening } = this.#engine
    if (listening === undefined) throw new Error('this peer does not listen')
    return listening
  }

  get directoryState(): DirectoryState {
    return this.#engine.membership?.state ?? { state: 'none' }
  }

  /** To HOST:PORT or to somebody by name. Resolves when a session is up; throws ConversationError `unreachable` after the first try that failed. */
  async connect(target: string, signal: AbortSignal = new AbortController().signal): Promise<PeerInfo> {
    const { reachability } = this.#engine
    const address = parsePeerAddress(target)
    if (address !== undefined) return reachability.connectAddress(address, signal)
    return reachability.connectAccount(await this.resolve(target, signal), signal)
  }

  /** Ends the session and begins none until you connect or write. */
  async disconnect(who: string): Promise<void> {
    await this.#engine.reachability.disconnect(await this.resolve(who))
  }

  async isConnected(who: string): Promise<boolean> {
    return this.#engine.reachability.isConnected(await this.resolve(who))
  }

  /** Resolves once the message is durable; waits for room in the outbox. */
  async send(who: string, text: string, options: SendOptions = {}): Promise<MessageView> {
    const { people, conversations } = this.#engine
    const account = people.known(who) ?? (await people.resolve(who, options.signal))
    return conversations.sendText(account, text, { waitForRoom: true, ...options })
  }

  /** Application bytes, as they are, to somebody who is connected now: not stored, not repeated. False when he is not. */
  async sendRaw(who: string, bytes: Uint8Array): Promise<boolean> {
    return this.#engine.sendRaw(await this.resolve(who), bytes)
  }

  /** Messages of others, in order, from the start of this peer or from behind `after`. Ends when the peer stops. */
  receive({ after, signal }: { after?: string; signal?: AbortSignal } = {}): AsyncIterable<ReceivedMessage> {
    const { engine, from } = this.#parts
    return engine.received.read(after ?? from, this.#until(signal))
  }

  /** The same, page by page, and the named cursors that this peer keeps for readers. */
  get received(): Received {
    return this.#engine.received
  }

  /** The account that a name stands for. Throws ConversationError when it stands for none. */
  resolve(who: string, signal?: AbortSignal): Promise<AccountId> {
    return this.#engine.people.resolve(who, signal)
  }

  receiveRaw({ signal }: { signal?: AbortSignal } = {}): AsyncIterable<RawBytes> {
    return this.#raw.read(this.#until(signal))
  }

  /** Whether messages of mine wait to be delivered: to this person, or to anybody. */
  async hasPending(who?: string): Promise<boolean> {
    if (who === undefined) return this.pending() > 0
    return this.#engine.delivery.outbox.quota.load(await this.resolve(who)).messages > 0
  }

  /** Unix milliseconds: when another device said last that two processes use this profile. */
  get copiedAt(): number | undefined {
    return this.#engine.copiedAt()
  }

  pending(): number {
    const { delivery, store } = this.#engine
    return store.contacts.all().reduce((sum, { account }) => sum + delivery.outbox.quota.load(account).messages, 0)
  }

  message(id: string): MessageView | undefined {
    return this.#engine.conversations.message(id)
  }

  /** Look at the state of what it resolves with: the message may have ended, be on hold, or the signal may have aborted. */
  waitFor(id: string, state: 'sent' | 'delivered', signal?: AbortSignal): Promise<MessageView> {
    return this.#engine.conversations.waitFor(id, state, this.#until(signal))
  }

  /** As long as it is sealed for nobody; throws ConversationError `already-sent` afterwards. */
  cancel(id: string): Promise<MessageView> {
    return this.#engine.conversations.changes.cancel(id)
  }

  /** Conversations beyond writing and reading: what can be done to messages afterwards, and what is wrong. */
  get conversations(): Conversations {
    return this.#engine.conversations
  }

  /** I have seen what this person wrote, all of it or up to a message; tells him when receipts are on. */
  async markRead(who: string, upTo?: string): Promise<boolean> {
    const account = await this.resolve(who)
    const isNew = await this.#engine.conversations.markRead(account, upTo)
    if (isNew) this.#engine.overview.readOn(account)
    return isNew
  }

  get receipts(): ReadReceipts {
    return this.#engine.receipts
  }

  /** All conversations at a glance, and what is unread in them. */
  get overview(): Overview {
    return this.#engine.overview
  }

  async history(who: string, limit: number, place?: Parameters<Conversations['history']>[2]): Promise<HistoryPage> {
    return this.#engine.conversations.history(await this.resolve(who), limit, place)
  }

  why(id: string): Why {
    return this.#engine.archive.why(id)
  }

  get archive(): Archive {
    return this.#engine.archive
  }

  peers(): PeerInfo[] {
    return this.#engine.reachability.peers()
  }

  find(query: string, signal?: AbortSignal): Promise<FoundUser[]> {
    const { membership, contacts } = this.#engine
    return findUsers(membership?.client, (name) => contacts.byName(membership?.pinnedAudience(), name), query, signal)
  }

  /** What happens to messages, as it happens. */
  happenings(signal: AbortSignal): AsyncIterable<Happening> {
    return this.#engine.happenings.read(this.#until(signal))
  }

  peerChanges(signal: AbortSignal): AsyncIterable<PeerInfo> {
    return this.#peerChanges.read(this.#until(signal))
  }

  /** Sentences for the user about what happened and is no message. */
  notices(signal: AbortSignal): AsyncIterable<Notice> {
    return this.#engine.notices.read(this.#until(signal))
  }

  messagesIn({ stream, from, to }: Happening): MessageView[] {
    return this.#engine.views.rows(stream, from, to).map(({ view }) => view)
  }

  get #parts() {
    if (this.#running === undefined) throw new Error('this peer is not running: await start() first')
    return this.#running
  }

  get #engine(): Engine {
    return this.#parts.engine
  }

  #until(signal: AbortSignal | undefined): AbortSignal {
    return signal === undefined ? this.#stopped.signal : AbortSignal.any([signal, this.#stopped.signal])
  }

  async #start(): Promise<this> {
    if (this.#stopping !== undefined) throw new Error('this peer was stopped: make another one with createPeer')
    const given = { ...this.#options, directory: this.#options.directory ?? undefined }
    const { path: profile, lock, key, identity, settings } = await openProfile(given)
    try {
      const directory =
        this.#options.directory === null ? undefined : readDirectory(given.directory ?? settings.directory)
      const { allowPrivate = false, maxPeers, log = SILENT_LOG, onBroken = () => undefined } = this.#options
      const engine = await Engine.start({
        profile,
        key,
        identity: new CurrentIdentity(identity, profile, key),
        directory: directory === undefined ? undefined : await this.#directory(profile, directory, key),
        listen: whereToListen(this.#options.listen, directory),
        peers: (this.#options.peers ?? []).map(readAddress),
        allowPrivate,
        maxPeers,
        networkToken: checkNetworkToken(this.#options.networkToken),
        log,
        onBroken,
        onRaw: (account, bytes) => this.#raw.publish({ account, bytes }),
        onPeerChange: (device) => {
          const info = this.#running?.engine.reachability.peer(device)
          if (info !== undefined) this.#peerChanges.publish(info)
        },
      })
      this.#running = { engine, lock, profile, from: engine.received.now() }
      return this
    } catch (error) {
      lock.release()
      throw error
    }
  }

  async #directory(profile: string, url: string, key: ProfileKey | undefined) {
    const { directoryCa: ca, registrationToken: given, hidePresence: hidesPresence } = this.#options
    return { url, ca, hidesPresence, registrationToken: await registrationTokenFor(profile, url, given, key) }
  }

  async #stop(): Promise<void> {
    await this.#starting?.catch(() => undefined)
    this.#stopped.abort()
    await this.#running?.engine.stop()
    this.#running?.lock.release()
  }
}
