import { OwnProfile, type OwnProfileChange, RotatedKey } from '@parley/shared/local-api/account.ts'
import { type ConversationInfo, ConversationList, ToldTyping } from '@parley/shared/local-api/conversations.ts'
import { EventsPage } from '@parley/shared/local-api/events.ts'
import { ExportRecord } from '@parley/shared/local-api/export.ts'
import {
  BroadcastResult,
  HistoryPage,
  MarkedRead,
  MessageView,
  SentBatch,
  Why,
} from '@parley/shared/local-api/messages.ts'
import { type FoundUser, FoundUsers, PeerInfo, PeerList, Traffic } from '@parley/shared/local-api/peers.ts'
import { ReaderInfo, ReaderList, ReceivedPage } from '@parley/shared/local-api/received.ts'
import { SearchPage } from '@parley/shared/local-api/search.ts'
import { type ChangeSettings, Settings } from '@parley/shared/local-api/settings.ts'
import { SignInLink } from '@parley/shared/local-api/sign-in.ts'
import { DaemonStatus } from '@parley/shared/local-api/status.ts'
import { AcceptedKey, KeyChange, SafetyNumber } from '@parley/shared/local-api/trust.ts'
import { z } from 'zod'
import type { Ask } from './ask.ts'
import type {
  Cancellable,
  Exporting,
  Idempotent,
  LogPage,
  Page,
  Reading,
  Searching,
  Sending,
  SendingOne,
  Wait,
} from './call-options.ts'
import { ContactsClient } from './contacts-client.ts'
import { type ClientEvent, type EventSource, listen } from './event-stream.ts'
import { type Exchange, exchangeWith, guard } from './exchange.ts'
import { contactPath, cursorPath, keyHeader, messagePath, queryOf } from './requests.ts'
import { MAX_POLL_MS, waitForMessage } from './wait-for.ts'

export interface ApiClientOptions {
  /** The daemon's own, for instance `http://127.0.0.1:8100`. */
  readonly url: string
  readonly token: string
  /** How requests are made; by `fetch` when it is not said. */
  readonly ask?: Ask
  /** How long to wait before listening again. */
  readonly retry?: { readonly minMs: number; readonly maxMs: number }
  /** A line for events broke, or could not be opened; it is tried again. */
  readonly onLost?: () => void
}

/** The local API of a daemon. Every method rejects with ApiError, or with the reason of its signal. */
export class ApiClient {
  /** Who is a contact, what they are called here, and who is blocked. */
  readonly contacts: ContactsClient
  readonly #events: EventSource
  readonly #exchange: Exchange

  constructor(options: ApiClientOptions) {
    const token = guard(options.url, options.token, options.ask)
    this.#events = { ...options, token }
    this.#exchange = exchangeWith(options.url, token, options.ask)
    this.contacts = new ContactsClient(this.#exchange)
  }

  status({ signal }: Cancellable = {}): Promise<DaemonStatus> {
    return this.#exchange.one({ method: 'GET', path: '/api/v1/status', signal }, DaemonStatus)
  }

  /** By exact name, by IP address, or by the beginning of a name. */
  async find(query: string, { signal }: Cancellable = {}): Promise<FoundUser[]> {
    const path = `/api/v1/find?q=${encodeURIComponent(query)}`
    return (await this.#exchange.one({ method: 'GET', path, signal }, FoundUsers)).users
  }

  async peers({ signal }: Cancellable = {}): Promise<PeerInfo[]> {
    return (await this.#exchange.one({ method: 'GET', path: '/api/v1/peers', signal }, PeerList)).peers
  }

  /** What went over all sessions in the last minutes. */
  traffic({ signal }: Cancellable = {}): Promise<Traffic> {
    return this.#exchange.one({ method: 'GET', path: '/api/v1/traffic', signal }, Traffic)
  }

  /** A name or HOST:PORT; resolves when a session is up. */
  connect(target: string, { signal }: Cancellable = {}): Promise<PeerInfo> {
    return this.#exchange.one({ method: 'POST', path: '/api/v1/connect', body: { target }, signal }, PeerInfo)
  }

  async disconnect(target: string, { signal }: Cancellable = {}): Promise<void> {
    await this.#exchange.one({ method: 'POST', path: '/api/v1/disconnect', body: { target }, signal }, z.undefined())
  }

  /** Resolves once the message is durable at the daemon. */
  send(to: string, text: string, { idempotencyKey, signal, ...options }: SendingOne = {}): Promise<MessageView> {
    const headers = keyHeader(idempotencyKey)
    const body = { to, text, ...options }
    return this.#exchange.one({ method: 'POST', path: '/api/v1/messages', body, headers, signal }, MessageView)
  }

  /** One message for each text, in order, at most 256. Resolves with those that there was room for, at least one. */
  async sendBatch(
    to: string,
    texts: readonly string[],
    { idempotencyKey, signal, ...options }: Sending = {},
  ): Promise<MessageView[]> {
    const headers = keyHeader(idempotencyKey)
    const body = { to, texts, ...options }
    const path = '/api/v1/messages/batch'
    return (await this.#exchange.one({ method: 'POST', path, body, headers, signal }, SentBatch)).messages
  }

  /** As they are when all have reached the state or ended, or the time is up; at most 256 ids, in the order of the answer. */
  async waitForAll(
    ids: readonly string[],
    wait: 'sent' | 'delivered',
    { timeoutMs, signal }: Wait,
  ): Promise<MessageView[]> {
    const body = { ids, wait, timeoutMs: Math.min(timeoutMs, MAX_POLL_MS) }
    return (await this.#exchange.one({ method: 'POST', path: '/api/v1/messages/wait', body, signal }, SentBatch))
      .messages
  }

  /** To every contact that is connected now. */
  broadcast(msg: string, { idempotencyKey, signal }: Idempotent = {}): Promise<BroadcastResult> {
    const headers = keyHeader(idempotencyKey)
    return this.#exchange.one({ method: 'POST', path: '/send', body: { msg }, headers, signal }, BroadcastResult)
  }

  message(id: string, { signal }: Cancellable = {}): Promise<MessageView> {
    return this.#exchange.one({ method: 'GET', path: messagePath(id), signal }, MessageView)
  }

  /** Resolves when the message reached the state, has ended, waits for a word of the user, or the time is up. */
  waitFor(id: string, state: 'sent' | 'delivered', options: Wait): Promise<MessageView> {
    return waitForMessage(this.#exchange, id, state, options)
  }

  /** As it is after that: `cancelled`. Rejects with `already-sent` when it is too late. */
  cancel(id: string, { signal }: Cancellable = {}): Promise<MessageView> {
    return this.#exchange.one({ method: 'POST', path: `${messagePath(id)}/cancel`, signal }, MessageView)
  }

  /** In place when it has not left, else by a message that the other side applies; `edited` of the answer tells. */
  edit(id: string, text: string, { signal }: Cancellable = {}): Promise<MessageView> {
    return this.#exchange.one({ method: 'POST', path: `${messagePath(id)}/edit`, body: { text }, signal }, MessageView)
  }

  /** Taken back when it has not left, else the other side is asked to show it no more. */
  remove(id: string, { signal }: Cancellable = {}): Promise<MessageView> {
    return this.#exchange.one({ method: 'POST', path: `${messagePath(id)}/delete`, signal }, MessageView)
  }

  /** One emoji in the place of the one before, or null for none. */
  react(id: string, emoji: string | null, { signal }: Cancellable = {}): Promise<MessageView> {
    const path = `${messagePath(id)}/react`
    return this.#exchange.one({ method: 'POST', path, body: { emoji }, signal }, MessageView)
  }

  /** Shown no more on this device, whoever wrote it; nobody is told. */
  async hide(id: string, { signal }: Cancellable = {}): Promise<void> {
    await this.#exchange.one({ method: 'POST', path: `${messagePath(id)}/hide`, signal }, z.undefined())
  }

  why(id: string, { signal }: Cancellable = {}): Promise<Why> {
    return this.#exchange.one({ method: 'GET', path: `${messagePath(id)}/why`, signal }, Why)
  }

  /** The one with the newest message first. */
  async conversations({ signal }: Cancellable = {}): Promise<ConversationInfo[]> {
    const answer = await this.#exchange.one({ method: 'GET', path: '/api/v1/conversations', signal }, ConversationList)
    return answer.conversations
  }

  /** A link that opens the web app signed in, once. Not for a log: whoever opens it first is you. */
  signInLink({ signal }: Cancellable = {}): Promise<SignInLink> {
    return this.#exchange.one({ method: 'POST', path: '/api/v1/sign-in-links', signal }, SignInLink)
  }

  /** Newest first: those before, after or around a message, or the newest. */
  history(who: string, { signal, ...page }: Page = {}): Promise<HistoryPage> {
    const path = `/api/v1/conversations/${encodeURIComponent(who)}/messages${queryOf({ ...page })}`
    return this.#exchange.one({ method: 'GET', path, signal }, HistoryPage)
  }

  /** All of the conversation was seen, or all up to a message. True when there was something new in it. */
  async markRead(who: string, { upTo, signal }: Cancellable & { upTo?: string | undefined } = {}): Promise<boolean> {
    const path = `/api/v1/conversations/${encodeURIComponent(who)}/read`
    return (await this.#exchange.one({ method: 'POST', path, body: { upTo }, signal }, MarkedRead)).isNew
  }

  /** I am writing to somebody; ask again every few seconds as long as it is so. False when nobody was told. */
  async tellTyping(who: string, { signal }: Cancellable = {}): Promise<boolean> {
    const path = `/api/v1/conversations/${encodeURIComponent(who)}/typing`
    return (await this.#exchange.one({ method: 'POST', path, signal }, ToldTyping)).isTold
  }

  settings({ signal }: Cancellable = {}): Promise<Settings> {
    return this.#exchange.one({ method: 'GET', path: '/api/v1/settings', signal }, Settings)
  }

  changeSettings(settings: ChangeSettings, { signal }: Cancellable = {}): Promise<Settings> {
    return this.#exchange.one({ method: 'PATCH', path: '/api/v1/settings', body: settings, signal }, Settings)
  }

  /** Messages that hold all of the words and "phrases", the youngest first. Rejects with `bad-request` when there is no word. */
  search(query: string, { signal, ...filters }: Searching = {}): Promise<SearchPage> {
    const path = `/api/v1/search${queryOf({ q: query, ...filters })}`
    return this.#exchange.one({ method: 'GET', path, signal }, SearchPage)
  }

  /** Everything, as it comes; the last record is `end`, or the export is not whole. */
  export({ conversation, since, signal }: Exporting = {}): AsyncGenerator<ExportRecord> {
    const path = `/api/v1/export${queryOf({ conversation, since })}`
    return this.#exchange.lines({ method: 'GET', path, signal }, ExportRecord)
  }

  /** What others wrote, in the order of arrival. Commit `next` with `moveCursor` once the messages are safe. */
  received({ signal, ...reading }: Reading = {}): Promise<ReceivedPage> {
    return this.#exchange.one({ method: 'GET', path: `/api/v1/received${queryOf(reading)}`, signal }, ReceivedPage)
  }

  async cursors({ signal }: Cancellable = {}): Promise<ReaderInfo[]> {
    return (await this.#exchange.one({ method: 'GET', path: '/api/v1/cursors', signal }, ReaderList)).cursors
  }

  /** Only forwards; `now` is behind all that arrived so far. */
  moveCursor(name: string, place: string, { signal }: Cancellable = {}): Promise<ReaderInfo> {
    return this.#exchange.one({ method: 'PUT', path: cursorPath(name), body: { place }, signal }, ReaderInfo)
  }

  /** A reader of this name begins with everything again. */
  async forgetCursor(name: string, { signal }: Cancellable = {}): Promise<void> {
    await this.#exchange.one({ method: 'DELETE', path: cursorPath(name), signal }, z.undefined())
  }

  /** The number that the user and the contact can compare over another way. */
  safetyNumber(who: string, { signal }: Cancellable = {}): Promise<SafetyNumber> {
    return this.#exchange.one({ method: 'GET', path: contactPath(who, 'safety-number'), signal }, SafetyNumber)
  }

  /** `proof`: the digits that were compared, or what was scanned at the other side. Rejects with `safety-number-differs`. */
  verify(who: string, proof: string, { signal }: Cancellable = {}): Promise<SafetyNumber> {
    const path = contactPath(who, 'verify')
    return this.#exchange.one({ method: 'POST', path, body: { proof }, signal }, SafetyNumber)
  }

  /** A new account key, signed by the old one. Rejects with `too-many-rotations`. */
  rotateKey({ signal }: Cancellable = {}): Promise<RotatedKey> {
    return this.#exchange.one({ method: 'POST', path: '/api/v1/account/rotate-key', signal }, RotatedKey)
  }

  /** What the account says of itself in the directory. */
  profile({ signal }: Cancellable = {}): Promise<OwnProfile> {
    return this.#exchange.one({ method: 'GET', path: '/api/v1/account/profile', signal }, OwnProfile)
  }

  /** What is undefined stays as it is. */
  changeProfile(change: OwnProfileChange, { signal }: Cancellable = {}): Promise<OwnProfile> {
    return this.#exchange.one({ method: 'POST', path: '/api/v1/account/profile', body: change, signal }, OwnProfile)
  }

  /** What is offered in the place of a contact's known key. Rejects with `no-key-change` when nothing is. */
  keyChange(who: string, { signal }: Cancellable = {}): Promise<KeyChange> {
    return this.#exchange.one({ method: 'GET', path: contactPath(who, 'key-change'), signal }, KeyChange)
  }

  /** What was held goes to the offered key; `key` is the one that the user looked at. */
  acceptKey(who: string, key: string, { signal }: Cancellable = {}): Promise<AcceptedKey> {
    const path = contactPath(who, 'accept-key')
    return this.#exchange.one({ method: 'POST', path, body: { key }, signal }, AcceptedKey)
  }

  /** What was held goes to the known key, and this other one is not offered again. */
  refuseKey(who: string, key: string, { signal }: Cancellable = {}): Promise<AcceptedKey> {
    const path = contactPath(who, 'refuse-key')
    return this.#exchange.one({ method: 'POST', path, body: { key }, signal }, AcceptedKey)
  }

  /** Forgets that the number was compared. */
  unverify(who: string, { signal }: Cancellable = {}): Promise<SafetyNumber> {
    return this.#exchange.one({ method: 'POST', path: contactPath(who, 'unverify'), signal }, SafetyNumber)
  }

  /** What was logged behind a place: the `cursor` of a `ready`, or the `next` of the page before. */
  eventsAfter(after: string, { signal, ...page }: LogPage = {}): Promise<EventsPage> {
    const path = `/api/v1/events${queryOf({ after, ...page })}`
    return this.#exchange.one({ method: 'GET', path, signal }, EventsPage)
  }

  /** Until the signal aborts, over as many connections as it takes; `ready` begins each of them. */
  events(signal: AbortSignal): AsyncIterable<ClientEvent> {
    return listen(this.#events, signal)
  }

  /** Resolves when the daemon has begun to stop. */
  async stop({ signal }: Cancellable = {}): Promise<void> {
    await this.#exchange.one({ method: 'POST', path: '/api/v1/stop', signal }, z.object({}))
  }
}
