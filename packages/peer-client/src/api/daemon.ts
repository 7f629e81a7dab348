// What the local API needs of the running peer. The composition root provides it; nothing else is visible from here.
import type { OwnProfile, OwnProfileChange, RotatedKey } from '@parley/shared/local-api/account.ts'
import type { Contact } from '@parley/shared/local-api/contacts.ts'
import type { ConversationInfo } from '@parley/shared/local-api/conversations.ts'
import type { DaemonEvent, EventsPage, EventsQuery } from '@parley/shared/local-api/events.ts'
import type { ExportQuery, ExportRecord } from '@parley/shared/local-api/export.ts'
import type { HistoryPage, MessageView, PriorityName, Why } from '@parley/shared/local-api/messages.ts'
import type { FoundUser, PeerInfo, Traffic } from '@parley/shared/local-api/peers.ts'
import type { LocalProblemCode } from '@parley/shared/local-api/problem.ts'
import type { ReaderInfo, ReceivedPage, ReceivedQuery } from '@parley/shared/local-api/received.ts'
import type { SearchPage, SearchQuery } from '@parley/shared/local-api/search.ts'
import type { ChangeSettings, Settings } from '@parley/shared/local-api/settings.ts'
import type { DaemonStatus } from '@parley/shared/local-api/status.ts'
import type { AcceptedKey, KeyChange, SafetyNumber } from '@parley/shared/local-api/trust.ts'
import type { z } from 'zod'
import type { PagePlace } from '#conversation/history.ts'

/** An expected failure of a request, with the sentence that the user reads. */
export class RequestError extends Error {
  override readonly name = 'RequestError'
  readonly code: LocalProblemCode
  constructor(code: LocalProblemCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

export interface SendRequest {
  readonly idempotencyKey?: string | undefined
  readonly priority?: PriorityName | undefined
  /** Unix milliseconds. */
  readonly deadline?: number | undefined
  /** The id of the message that it answers. */
  readonly replyTo?: string | undefined
}

/** The contacts as the user keeps them. Every method may reject with RequestError. */
export interface ContactsDaemon {
  /** By name; without strangers. */
  list(): Contact[]
  find(who: string, signal: AbortSignal): Promise<Contact>
  add(who: string, nickname: string | undefined, signal: AbortSignal): Promise<Contact>
  /** Null takes it away. */
  setNickname(who: string, nickname: string | null, signal: AbortSignal): Promise<Contact>
  /** Nothing comes from there and nothing goes there until `unblock`. */
  block(who: string, signal: AbortSignal): Promise<Contact>
  unblock(who: string, signal: AbortSignal): Promise<Contact>
}

/** Every method may reject with RequestError. */
export interface Daemon {
  readonly contacts: ContactsDaemon
  status(): DaemonStatus
  find(query: string, signal: AbortSignal): Promise<FoundUser[]>
  peers(): PeerInfo[]
  traffic(): Traffic
  /** HOST:PORT or a name; resolves when a session is up. */
  connect(target: string, signal: AbortSignal): Promise<PeerInfo>
  /** Ends the session and does not dial again until asked to or a message waits. */
  disconnect(target: string): Promise<void>
  /** Resolves once the message is durable. The same key with the same request gives the same message. Never waits for room: `outbox-full`. */
  send(to: string, text: string, options: SendRequest, signal: AbortSignal): Promise<MessageView>
  message(id: string): MessageView | undefined
  /** Resolves with the message when it reached the state, ended, or the signal aborted: look at its state. */
  waitFor(id: string, state: 'sent' | 'delivered', signal: AbortSignal): Promise<MessageView>
  /** `already-sent` when it is too late. */
  cancel(id: string): Promise<MessageView>
  /** In place, or by a message that says so: the view tells. */
  edit(id: string, text: string): Promise<MessageView>
  /** As `cancel`; when that is too late the other side is asked to show it no more. */
  remove(id: string): Promise<MessageView>
  /** Mine, in the place of the one before; null takes it back. */
  react(id: string, emoji: string | null): Promise<MessageView>
  /** Shown no more on this device; nobody is told. */
  hide(id: string): Promise<void>
  /** The one with the newest message first. */
  conversations(): ConversationInfo[]
  /** Newest first; those before, after or around a message, or the newest. */
  history(who: string, limit: number, place: PagePlace): Promise<HistoryPage>
  /** Waits for a first message until the signal aborts, and then resolves with none. */
  received(query: ReceivedQuery, signal: AbortSignal): Promise<ReceivedPage>
  /** True when something was seen that was not before. */
  markRead(who: string, upTo: string | undefined): Promise<boolean>
  /** Tells somebody who is connected that the user writes to him; false when nobody was told. */
  tellTyping(who: string): Promise<boolean>
  settings(): Settings
  changeSettings(settings: ChangeSettings): Promise<Settings>
  /** Lazily: a record is read when it is asked for. */
  export(query: z.infer<typeof ExportQuery>, signal: AbortSignal): Promise<Iterable<ExportRecord>>
  search(query: SearchQuery, signal: AbortSignal): Promise<SearchPage>
  readers(): ReaderInfo[]
  moveReader(name: string, place: string): Promise<ReaderInfo>
  forgetReader(name: string): Promise<void>
  why(id: string): Why
  /** The number that the user and the contact can compare. */
  safetyNumber(who: string, signal: AbortSignal): Promise<SafetyNumber>
  /** Stores that the user compared it; `proof` is the digits, or what was scanned at the other side. */
  verify(who: string, proof: string, signal: AbortSignal): Promise<SafetyNumber>
  unverify(who: string, signal: AbortSignal): Promise<SafetyNumber>
  /** A new account key, signed by the old one. */
  rotateKey(): Promise<RotatedKey>
  profile(): OwnProfile
  changeProfile(change: OwnProfileChange): Promise<OwnProfile>
  /** What is offered in the place of a contact's known key. */
  keyChange(who: string, signal: AbortSignal): Promise<KeyChange>
  /** What was held goes to the offered key, if it is still this one. */
  acceptKey(who: string, key: string, signal: AbortSignal): Promise<AcceptedKey>
  /** What was held goes to the known key. */
  refuseKey(who: string, key: string, signal: AbortSignal): Promise<AcceptedKey>
  /** The place in the log behind all that happened so far. */
  eventCursor(): string
  /** What is logged behind a place; waits for a first event until the signal aborts. */
  eventsAfter(query: EventsQuery, signal: AbortSignal): Promise<EventsPage>
  /** From now on, until the signal aborts; a reader that falls behind MAX_EVENT_BACKLOG is cut off. */
  events(signal: AbortSignal): AsyncIterable<DaemonEvent>
  /** Begins the end; the answer to the request still leaves. */
  stop(): void
}
