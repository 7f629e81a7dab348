// What the local API asks of a peer, asked of a Peer: refusals become problems, and what happens becomes events.
import type { AccountId } from '@parley/shared/ids.ts'
import type { OwnProfile, OwnProfileChange, RotatedKey } from '@parley/shared/local-api/account.ts'
import type { ConversationInfo } from '@parley/shared/local-api/conversations.ts'
import type { DaemonEvent, EventsPage, EventsQuery } from '@parley/shared/local-api/events.ts'
import type { ExportRecord } from '@parley/shared/local-api/export.ts'
import type { HistoryPage, MessageView, Why } from '@parley/shared/local-api/messages.ts'
import type { FoundUser, PeerInfo, Traffic } from '@parley/shared/local-api/peers.ts'
import type { ReaderInfo, ReceivedPage, ReceivedQuery } from '@parley/shared/local-api/received.ts'
import type { SearchPage, SearchQuery } from '@parley/shared/local-api/search.ts'
import { type ChangeSettings, LogLevel, type Settings } from '@parley/shared/local-api/settings.ts'
import type { DaemonStatus } from '@parley/shared/local-api/status.ts'
import type { AcceptedKey, KeyChange, SafetyNumber } from '@parley/shared/local-api/trust.ts'
import type { ContactsDaemon, Daemon, SendRequest } from '#api/daemon.ts'
import { merge } from '#api/merge.ts'
import { formatPeerAddress } from '#connection/peer-address.ts'
import type { Happening } from '#conversation/conversations.ts'
import type { PagePlace } from '#conversation/history.ts'
import type { Peer } from './peer.ts'
import { asRequestError, refusing } from './peer-refusals.ts'

interface PeerDaemonOptions {
  readonly peer: Peer
  readonly version: string
  readonly startedAt: number
  /** Its level can be changed while it runs. */
  readonly log: { level: string }
  /** Somebody asked the daemon to end. */
  readonly onStop: () => void
}

export class PeerDaemon implements Daemon {
  readonly contacts: ContactsDaemon
  readonly #options: PeerDaemonOptions
  readonly #peer: Peer

  constructor(options: PeerDaemonOptions) {
    this.#options = options
    this.#peer = options.peer
    this.contacts = contactsOf(options.peer)
  }

  status(): DaemonStatus {
    const { version, startedAt } = this.#options
    const { identity, profile, address, directoryState, copiedAt } = this.#peer
    return {
      version,
      name: identity.name,
      account: identity.accountId,
      device: identity.device.publicKey,
      profile,
      pid: process.pid,
      startedAt,
      listening: [formatPeerAddress(address)],
      directory: directoryState,
      connected: this.peers().filter(({ link }) => link.state === 'connected').length,
      waiting: this.#peer.pending(),
      unread: this.#peer.overview.unread(),
      contacts: this.#peer.trust.summary(),
      troubles: this.#peer.conversations.troubles(),
      copiedAt,
    }
  }

  find(query: string, signal: AbortSignal): Promise<FoundUser[]> {
    return refusing(this.#peer.find(query, signal))
  }

  peers(): PeerInfo[] {
    return this.#peer.peers()
  }

  traffic(): Traffic {
    return this.#peer.overview.traffic()
  }

  connect(target: string, signal: AbortSignal): Promise<PeerInfo> {
    return refusing(this.#peer.connect(target, signal))
  }

  disconnect(target: string): Promise<void> {
    return refusing(this.#peer.disconnect(target))
  }

  send(to: string, text: string, options: SendRequest, signal: AbortSignal): Promise<MessageView> {
    return refusing(this.#peer.send(to, text, { ...options, signal, waitForRoom: false }))
  }

  message(id: string): MessageView | undefined {
    return this.#peer.message(id)
  }

  waitFor(id: string, state: 'sent' | 'delivered', signal: AbortSignal): Promise<MessageView> {
    return refusing(this.#peer.waitFor(id, state, signal))
  }

  cancel(id: string): Promise<MessageView> {
    return refusing(this.#peer.cancel(id))
  }

  edit(id: string, text: string): Promise<MessageView> {
    return refusing(this.#peer.conversations.changes.edit(id, text))
  }

  remove(id: string): Promise<MessageView> {
    return refusing(this.#peer.conversations.changes.remove(id))
  }

  react(id: string, emoji: string | null): Promise<MessageView> {
    return refusing(this.#peer.conversations.reacting.react(id, emoji ?? ''))
  }

  hide(id: string): Promise<void> {
    return refusing(this.#peer.conversations.changes.hide(id))
  }

  conversations(): ConversationInfo[] {
    return this.#peer.overview.list()
  }

  history(who: string, limit: number, place: PagePlace): Promise<HistoryPage> {
    return refusing(this.#peer.history(who, limit, place))
  }

  async received({ cursor, after, from, limit }: ReceivedQuery, signal: AbortSignal): Promise<ReceivedPage> {
    const begin = cursor === undefined ? after && { after } : { reader: cursor }
    const account = from === undefined ? undefined : await refusing(this.#peer.resolve(from, signal))
    return refusing(this.#peer.received.page(begin || undefined, { account, limit }, signal))
  }

  markRead(who: string, upTo: string | undefined): Promise<boolean> {
    return refusing(this.#peer.markRead(who, upTo))
  }

  async tellTyping(who: string): Promise<boolean> {
    const account = await refusing(this.#peer.resolve(who))
    return this.#peer.conversations.typing.tell(account)
  }

  settings(): Settings {
    const { receipts, conversations } = this.#peer
    const logLevel = LogLevel.catch('info').parse(this.#options.log.level)
    return { readReceipts: receipts.isOn, typing: conversations.typing.isOn, logLevel }
  }

  async changeSettings({ readReceipts, typing, logLevel }: ChangeSettings): Promise<Settings> {
    const { receipts, conversations } = this.#peer
    if (readReceipts !== undefined) await refusing(receipts.turn(readReceipts ? 'on' : 'off'))
    if (logLevel !== undefined) this.#options.log.level = logLevel
    if (typing !== undefined) await refusing(conversations.typing.turn(typing ? 'on' : 'off'))
    return this.settings()
  }

  async export(
    { conversation, since }: { conversation?: string | undefined; since?: number | undefined },
    signal: AbortSignal,
  ): Promise<Iterable<ExportRecord>> {
    const account = conversation === undefined ? undefined : await refusing(this.#peer.resolve(conversation, signal))
    return this.#peer.archive.export({ account, since })
  }

  async search({ q, conversation, sender, ...options }: SearchQuery, signal: AbortSignal): Promise<SearchPage> {
    const accountOf = (who: string | undefined) => (who === undefined ? undefined : this.#accountOf(who, signal))
    const accounts = { conversation: await accountOf(conversation), sender: await accountOf(sender) }
    return refusing(this.#peer.archive.search(q, { ...options, ...accounts, signal }))
  }

  /** Oneself too: no directory need be asked who that is. */
  async #accountOf(who: string, signal: AbortSignal): Promise<AccountId> {
    const { name, accountId } = this.#peer.identity
    return who.toLowerCase() === name ? accountId : refusing(this.#peer.resolve(who, signal))
  }

  readers(): ReaderInfo[] {
    return this.#peer.received.readers()
  }

  moveReader(name: string, place: string): Promise<ReaderInfo> {
    return refusing(this.#peer.received.commit(name, place))
  }

  async forgetReader(name: string): Promise<void> {
    await refusing(this.#peer.received.forget(name))
  }

  why(id: string): Why {
    try {
      return this.#peer.why(id)
    } catch (error) {
      throw asRequestError(error)
    }
  }

  safetyNumber(who: string, signal: AbortSignal): Promise<SafetyNumber> {
    return refusing(this.#peer.trust.safetyNumber(who, signal))
  }

  verify(who: string, proof: string, signal: AbortSignal): Promise<SafetyNumber> {
    return refusing(this.#peer.trust.verify(who, proof, signal))
  }

  rotateKey(): Promise<RotatedKey> {
    return refusing(this.#peer.account.rotateKey())
  }

  profile(): OwnProfile {
    return this.#peer.account.profile()
  }

  changeProfile(change: OwnProfileChange): Promise<OwnProfile> {
    return refusing(this.#peer.account.changeProfile(change))
  }

  keyChange(who: string, signal: AbortSignal): Promise<KeyChange> {
    return refusing(this.#peer.trust.keyChange(who, signal))
  }

  acceptKey(who: string, key: string, signal: AbortSignal): Promise<AcceptedKey> {
    return refusing(this.#peer.trust.acceptKey(who, key, signal))
  }

  refuseKey(who: string, key: string, signal: AbortSignal): Promise<AcceptedKey> {
    return refusing(this.#peer.trust.refuseKey(who, key, signal))
  }

  unverify(who: string, signal: AbortSignal): Promise<SafetyNumber> {
    return refusing(this.#peer.trust.unverify(who, signal))
  }

  eventCursor(): string {
    return this.#peer.archive.events.now()
  }

  eventsAfter({ after, limit }: EventsQuery, signal: AbortSignal): Promise<EventsPage> {
    return refusing(this.#peer.archive.events.page(after, limit, signal))
  }

  events(signal: AbortSignal): AsyncIterable<DaemonEvent> {
    const { overview, conversations, contacts } = this.#peer
    return merge([
      this.#messageEvents(this.#peer.happenings(signal)),
      told(this.#peer.peerChanges(signal), (peer) => ({ type: 'peer', peer })),
      told(this.#peer.notices(signal), (notice) => ({ type: 'notice', ...notice })),
      told(overview.changes.read(signal), (mark) => ({ type: 'read', ...mark })),
      told(conversations.typing.news.read(signal), (news) => ({ type: 'typing', ...news })),
      told(conversations.removals.read(signal), (removal) => ({ type: 'hidden', ...removal })),
      told(contacts.changes.read(signal), (contact) => ({ type: 'contact', contact })),
    ])
  }

  stop(): void {
    this.#options.onStop()
  }

  async *#messageEvents(happenings: AsyncIterable<Happening>): AsyncGenerator<DaemonEvent> {
    for await (const happening of happenings) {
      const isNew = happening.kind === 'accepted' || happening.kind === 'received'
      // Whoever shows a message that was changed shows it again, and once: it is told as it is after all of these changes.
      const changed = new Set<string>()
      for (const message of this.#peer.messagesIn(happening)) {
        if (message.about === undefined) yield { type: isNew ? 'message' : 'state', message }
        else changed.add(message.about)
      }
      for (const id of changed) {
        const message = this.#peer.message(id)
        if (message !== undefined) yield { type: 'state', message }
      }
    }
  }
}

async function* told<T>(news: AsyncIterable<T>, asEvent: (one: T) => DaemonEvent): AsyncGenerator<DaemonEvent> {
  for await (const one of news) yield asEvent(one)
}

function contactsOf(peer: Peer): ContactsDaemon {
  return {
    list: () => peer.contacts.list(),
    find: (who, signal) => refusing(peer.contacts.find(who, signal)),
    add: (who, nickname, signal) => refusing(peer.contacts.add(who, nickname, signal)),
    setNickname: (who, nickname, signal) => refusing(peer.contacts.setNickname(who, nickname, signal)),
    block: (who, signal) => refusing(peer.contacts.block(who, signal)),
    unblock: (who, signal) => refusing(peer.contacts.unblock(who, signal)),
  }
}
