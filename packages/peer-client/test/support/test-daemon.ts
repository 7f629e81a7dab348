import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { OwnProfile, OwnProfileChange, RotatedKey } from '@parley/shared/local-api/account.ts'
import type { Contact } from '@parley/shared/local-api/contacts.ts'
import type { ConversationInfo } from '@parley/shared/local-api/conversations.ts'
import type { DaemonEvent, EventsPage, EventsQuery } from '@parley/shared/local-api/events.ts'
import type { ConversationTroubles, HistoryPage, MessageView, Why } from '@parley/shared/local-api/messages.ts'
import type { Note } from '@parley/shared/local-api/notes.ts'
import type { FoundUser, PeerInfo, Traffic } from '@parley/shared/local-api/peers.ts'
import type { ReaderInfo, ReceivedPage, ReceivedQuery } from '@parley/shared/local-api/received.ts'
import type { SearchPage, SearchQuery } from '@parley/shared/local-api/search.ts'
import type { ChangeSettings, Settings } from '@parley/shared/local-api/settings.ts'
import type { DaemonStatus } from '@parley/shared/local-api/status.ts'
import type { AcceptedKey, KeyChange, SafetyNumber } from '@parley/shared/local-api/trust.ts'
import { type ContactsDaemon, type Daemon, RequestError, type SendRequest } from '#api/daemon.ts'
import { Feed } from '#conversation/feed.ts'
import type { PagePlace } from '#conversation/history.ts'
import { Seen } from './seen.ts'

export interface DaemonCall {
  readonly what:
    | 'find'
    | 'connect'
    | 'disconnect'
    | 'send'
    | 'wait'
    | 'wait-ended'
    | 'events'
    | 'events-ended'
    | 'received'
    | 'move'
    | 'read'
    | 'search'
    | 'typing'
    | 'stop'
  readonly about: string
}

/** What the local API needs of a running peer, without the peer: accounts and messages are what a test says they are. */
export class TestDaemon implements Daemon {
  readonly calls = new Seen<DaemonCall>()
  readonly messages: MessageView[] = []
  readonly known = new Map<string, PeerInfo>()
  /** What the user keeps of them, where it is not the usual. */
  readonly kept = new Map<string, Partial<Contact>>()
  readonly users: FoundUser[] = []
  readonly cursors = new Map<string, string>()
  readonly whys = new Map<string, Why>()
  /** What happens between taking the next message and saying so. */
  beforeAnswer: (() => Promise<void>) | undefined
  /** Thrown by the next send. */
  readonly refusals: Error[] = []
  /** Thrown by the next search. */
  readonly searchRefusals: Error[] = []
  currentStatus: DaemonStatus
  ownProfile: OwnProfile = { name: 'alice', displayName: 'Alice', statusText: '' }
  stopsInTheMiddle = false
  currentTroubles: ConversationTroubles | undefined
  currentNotes: Note[] | undefined
  currentSettings: Settings = { readReceipts: false, typing: true, logLevel: 'info' }
  readonly #log: DaemonEvent[] = []
  readonly #feed = new Feed<DaemonEvent>(undefined, (event) => this.#log.push(event))
  readonly #keys = new Map<string, MessageView>()
  readonly #changed = new Seen<MessageView>()
  readonly #readTo = new Map<string, number>()
  #lamport = 0
  readonly #now: () => number

  constructor({ now = () => Date.parse('2026-02-03T10:20:30Z') }: { now?: () => number } = {}) {
    this.#now = now
    this.currentStatus = {
      version: '0.0.0',
      name: 'alice',
      account: accountOf('alice'),
      device: accountOf('device'),
      profile: '/home/alice/.local/share/parley/alice',
      pid: 4711,
      startedAt: now() - 3_600_000,
      listening: ['127.0.0.1:8000'],
      directory: { state: 'online', url: 'http://127.0.0.1:5000', since: now() - 60_000 },
      connected: 0,
      waiting: 0,
      unread: 0,
      contacts: { known: 0, verified: 0, keyChanged: [] },
      troubles: [],
    }
  }

  /** A contact, and whether it is connected. */
  know(name: string, link: PeerInfo['link'] = { state: 'idle' }, more: Partial<PeerInfo> = {}): PeerInfo {
    const peer: PeerInfo = {
      account: accountOf(name),
      name,
      isNameVerified: true,
      device: accountOf(`${name} device`),
      link,
      presence: link.state === 'connected' ? 'online' : 'unknown',
      waiting: 0,
      isKeyChanged: false,
      verification: 'none',
      ...more,
    }
    this.known.set(name, peer)
    return peer
  }

  receive(from: string, text: string, more: Partial<MessageView> = {}): MessageView {
    return this.#add({ ...this.#message(from, text), direction: 'in', ...more })
  }

  /** What delivery would report. */
  change(id: string, more: Partial<MessageView>): void {
    const at = this.messages.findIndex((message) => message.id === id)
    const before = this.messages[at]
    if (before === undefined) throw new Error(`no message ${id}`)
    const message = { ...before, stateAt: this.#now(), ...more }
    this.messages[at] = message
    this.#changed.push(message)
    this.#feed.publish({ type: 'state', message })
  }

  /** Looks again and again until it is so; the limit is that of the test. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await delay(5)
  }

  publish(event: DaemonEvent): void {
    this.#feed.publish(event)
  }

  readonly contacts: ContactsDaemon = {
    list: () => [...this.known.keys()].toSorted().map((name) => this.#kept(name)),
    find: async (who) => this.#kept(this.#contact(who).name),
    add: async (who, nickname) => this.#keep(this.know(who).name, nickname === undefined ? {} : { nickname }),
    setNickname: async (who, nickname) =>
      this.#keep(who, { nickname: nickname ?? undefined, name: nickname ?? this.#contact(who).name }),
    block: async (who) => this.#keep(who, { state: 'blocked' }),
    unblock: async (who) => this.#keep(who, { state: 'accepted' }),
  }

  #keep(who: string, change: Partial<Contact>): Contact {
    const { name } = this.#contact(who)
    this.kept.set(name, { ...this.kept.get(name), ...change })
    const contact = this.#kept(name)
    this.#feed.publish({ type: 'contact', contact })
    return contact
  }

  #kept(publicName: string): Contact {
    const { account, isNameVerified, verification, isKeyChanged } = this.#contact(publicName)
    const about = { account, publicName, name: publicName, displayName: publicName, isNameVerified, verification }
    return { ...about, isKeyChanged, state: 'accepted', addedAt: 1, ...this.kept.get(publicName) }
  }

  status(): DaemonStatus {
    return this.currentStatus
  }

  async find(query: string, signal: AbortSignal): Promise<FoundUser[]> {
    this.#note('find', query)
    signal.throwIfAborted()
    return this.users.filter((user) => user.name.startsWith(query) || user.address === query)
  }

  peers(): PeerInfo[] {
    return [...this.known.values()]
  }

  traffic(): Traffic {
    return { everyMs: 5_000, samples: [{ receivedBytes: 7, sentBytes: 3 }], receivedBytes: 7, sentBytes: 3 }
  }

  async connect(target: string, signal: AbortSignal): Promise<PeerInfo> {
    this.#note('connect', target)
    signal.throwIfAborted()
    if (target === 'nowhere:1') throw new RequestError('unreachable', 'nobody answers at nowhere:1')
    return this.know(target, { state: 'connected', since: this.#now(), address: '127.0.0.1:8001', path: 'direct' })
  }

  async disconnect(target: string): Promise<void> {
    this.#note('disconnect', target)
    this.#contact(target)
  }

  async send(to: string, text: string, request: SendRequest, signal: AbortSignal): Promise<MessageView> {
    const { idempotencyKey: key, replyTo: answered, ...options } = request
    this.#note('send', to)
    signal.throwIfAborted()
    const refusal = this.refusals.shift()
    if (refusal !== undefined) throw refusal
    const known = key === undefined ? undefined : this.#keys.get(key)
    if (known !== undefined) {
      if (known.text === text) return known
      throw new RequestError('idempotency-conflict', 'this key came with another request')
    }
    const contact = this.#contact(to)
    const replyTo = answered === undefined ? {} : { replyTo: this.#quote(answered) }
    const message = this.#add({
      ...this.#message(contact.name, text),
      direction: 'out',
      state: 'queued',
      ...options,
      ...replyTo,
    })
    if (key !== undefined) this.#keys.set(key, message)
    const { beforeAnswer } = this
    this.beforeAnswer = undefined
    await beforeAnswer?.()
    return message
  }

  message(id: string): MessageView | undefined {
    return this.messages.find((message) => message.id === id)
  }

  async waitFor(id: string, state: 'sent' | 'delivered', signal: AbortSignal): Promise<MessageView> {
    this.#note('wait', id)
    const aborted = new Promise<void>((resolve) => {
      if (signal.aborted) resolve()
      signal.addEventListener('abort', () => resolve())
    })
    const isEnough = (message: MessageView) => message.id === id && isSettled(message, state)
    if (!this.messages.some(isEnough)) await Promise.race([aborted, this.#changed.next(isEnough)])
    this.#note('wait-ended', id)
    const message = this.message(id)
    if (message === undefined) throw new RequestError('unknown-message', 'no message here has this id')
    return message
  }

  async cancel(id: string): Promise<MessageView> {
    const message = this.message(id)
    if (message === undefined) throw new RequestError('unknown-message', 'no message here has this id')
    if (message.state !== 'queued') throw new RequestError('already-sent', 'it has left already')
    this.change(id, { state: 'cancelled' })
    return { ...message, state: 'cancelled' }
  }

  async edit(id: string, text: string): Promise<MessageView> {
    const message = this.#mine(id)
    const by =
      message.state === 'queued' ? {} : { edited: { by: `${id}-edit`, at: this.#now(), state: 'queued' as const } }
    this.change(id, { text, ...by })
    return this.#mine(id)
  }

  async remove(id: string): Promise<MessageView> {
    const message = this.#mine(id)
    if (message.state === 'queued') return this.cancel(id)
    this.change(id, { text: '', deleted: { by: `${id}-delete`, at: this.#now(), state: 'queued' } })
    return this.#mine(id)
  }

  async react(id: string, emoji: string | null): Promise<MessageView> {
    const by = [{ account: this.currentStatus.account, direction: 'out' as const, at: this.#now() }]
    this.change(id, { reactions: emoji === null ? undefined : [{ emoji, by }] })
    const message = this.message(id)
    if (message === undefined) throw new RequestError('unknown-message', 'no message here has this id')
    return message
  }

  async hide(id: string): Promise<void> {
    const at = this.messages.findIndex((message) => message.id === id)
    const [message] = this.messages.splice(at, at === -1 ? 0 : 1)
    if (message === undefined) throw new RequestError('unknown-message', 'no message here has this id')
    this.#feed.publish({ type: 'hidden', id, account: message.account })
  }

  conversations(): ConversationInfo[] {
    return this.peers().map(
      ({ account, name, isNameVerified, link, presence, waiting, isKeyChanged, verification }) => {
        const called = this.#kept(name).name
        const about = { account, name: called, isNameVerified, presence, waiting, isKeyChanged, verification }
        const last = this.messages.findLast((message) => message.with === name)
        const unread = this.#unread(name)
        return { ...about, ...(last !== undefined && { last }), unread, isConnected: link.state === 'connected' }
      },
    )
  }

  #unread(name: string): number {
    const behind = this.messages.slice((this.#readTo.get(name) ?? -1) + 1)
    return behind.filter((message) => message.with === name && message.direction === 'in').length
  }

  async history(who: string, limit: number, { before, after, around }: PagePlace): Promise<HistoryPage> {
    const { name, account, isKeyChanged, verification } = this.#contact(who)
    const all = this.messages.filter((message) => message.with === name).toReversed()
    const indexOf = (id: string) => all.findIndex((message) => message.id === id)
    let from = 0
    if (before !== undefined) from = indexOf(before) + 1
    if (after !== undefined) from = Math.max(0, indexOf(after) - limit)
    if (around !== undefined) from = Math.max(0, indexOf(around) - Math.floor((limit - 1) / 2))
    const messages = all.slice(from, after === undefined ? from + limit : indexOf(after))
    const [first, last] = [messages[0], messages.at(-1)]
    const isEnd = last === undefined || all.at(-1) === last
    const contact = { account, name, isKeyChanged, verification }
    const troubles = from === 0 ? this.currentTroubles : undefined
    return {
      contact,
      messages,
      ...(!isEnd && { next: last.id }),
      ...(first !== undefined && from > 0 && { newer: first.id }),
      ...(from === 0 && this.currentNotes && { notes: this.currentNotes }),
      ...(troubles && { troubles }),
    }
  }

  async safetyNumber(who: string): Promise<SafetyNumber> {
    const { account, name, verification } = this.#contact(who)
    return { account, name, number: NUMBER, scannable: `parley-safety-number:${account}`, verification }
  }

  async verify(who: string, proof: string): Promise<SafetyNumber> {
    if (proof.replaceAll(' ', '') !== NUMBER) throw new RequestError('safety-number-differs', 'another number')
    this.know(this.#contact(who).name, { state: 'idle' }, { verification: 'verified' })
    return { ...(await this.safetyNumber(who)), verifiedAt: this.#now() }
  }

  async unverify(who: string): Promise<SafetyNumber> {
    this.know(this.#contact(who).name)
    return this.safetyNumber(who)
  }

  /** By a part of the text as it is written; the cursor counts what was found before. */
  async search({ q, conversation, sender, limit, cursor = '0' }: SearchQuery): Promise<SearchPage> {
    this.#note('search', q)
    const refusal = this.searchRefusals.shift()
    if (refusal !== undefined) throw refusal
    const found = this.messages.filter(
      (message) =>
        message.text.includes(q) &&
        (conversation === undefined || [message.with, message.account].includes(conversation)) &&
        (sender === undefined || (message.direction === 'in' ? message.with : 'alice') === sender),
    )
    const hits = found.toReversed().slice(Number(cursor), Number(cursor) + limit)
    const next = Number(cursor) + hits.length
    return {
      hits: hits.map((message) => {
        const from = message.text.indexOf(q)
        const marks = [{ from, to: from + q.length }]
        return { message, snippet: { text: message.text, marks, isCutBefore: false, isCutAfter: false } }
      }),
      ...(next < found.length ? { next: String(next) } : {}),
    }
  }

  async received({ cursor, after, from, limit }: ReceivedQuery, signal: AbortSignal): Promise<ReceivedPage> {
    this.#note('received', cursor ?? after ?? '')
    const incoming = () => this.messages.filter(({ direction }) => direction === 'in')
    const begin = Number(cursor === undefined ? (after ?? incoming().length) : (this.cursors.get(cursor) ?? 0))
    const fresh = () =>
      incoming()
        .map((message, at) => ({ ...message, cursor: `${at + 1}` }))
        .slice(begin)
        .filter((message) => from === undefined || message.with === from)
    while (fresh().length === 0 && !signal.aborted) {
      for await (const _ of this.#feed.read(signal)) break
    }
    const messages = fresh().slice(0, limit)
    return { messages, next: messages.at(-1)?.cursor ?? `${incoming().length}` }
  }

  async markRead(who: string, upTo: string | undefined): Promise<boolean> {
    this.#note('read', `${who} ${upTo ?? ''}`.trim())
    const contact = this.peers().find(({ name, account }) => name === who || account === who)
    if (contact === undefined) return true
    const { account, name } = contact
    const at = this.messages.findLastIndex((message) => message.with === name && [message.id, undefined].includes(upTo))
    this.#readTo.set(name, at)
    this.#feed.publish({ type: 'read', account, unread: this.#unread(name) })
    return true
  }

  async tellTyping(who: string): Promise<boolean> {
    this.#note('typing', who)
    return this.#contact(who).link.state === 'connected'
  }

  settings(): Settings {
    return this.currentSettings
  }

  async changeSettings(change: ChangeSettings): Promise<Settings> {
    const { readReceipts, typing, logLevel } = { ...this.currentSettings, ...change }
    this.currentSettings = {
      readReceipts: readReceipts ?? false,
      typing: typing ?? true,
      logLevel: logLevel ?? 'info',
    }
    return this.currentSettings
  }

  async export({ conversation, since = 0 }: { conversation?: string | undefined; since?: number | undefined }) {
    const chosen = this.messages.filter(
      (message) => message.storedAt >= since && (conversation === undefined || message.with === conversation),
    )
    const place = { device: 'device', epoch: 'epoch', seq: 1, messageId: 'id' }
    const first = { type: 'export', version: 1, account: accountOf('alice'), name: 'alice', at: this.#now() } as const
    const records = chosen.map((message) => ({ type: 'message' as const, ...message, ...place }))
    return [first, ...records, ...(this.stopsInTheMiddle ? [] : [{ type: 'end' as const, messages: chosen.length }])]
  }

  readers(): ReaderInfo[] {
    return [...this.cursors].map(([name, place]) => ({ name, place, movedAt: this.#now() }))
  }

  async moveReader(name: string, place: string): Promise<ReaderInfo> {
    this.#note('move', `${name} ${place}`)
    this.cursors.set(name, place)
    return { name, place, movedAt: this.#now() }
  }

  async forgetReader(name: string): Promise<void> {
    this.cursors.delete(name)
  }

  async rotateKey(): Promise<RotatedKey> {
    return { account: this.currentStatus.account, key: accountOf('new key'), rotations: 1 }
  }

  profile(): OwnProfile {
    return this.ownProfile
  }

  async changeProfile(change: OwnProfileChange): Promise<OwnProfile> {
    const { displayName = this.ownProfile.displayName, statusText = this.ownProfile.statusText } = change
    this.ownProfile = { ...this.ownProfile, displayName, statusText }
    return this.ownProfile
  }

  async keyChange(who: string): Promise<KeyChange> {
    const { account, name, isKeyChanged, waiting } = this.#contact(who)
    if (!isKeyChanged) throw new RequestError('no-key-change', `the key of ${name} is the one that you know`)
    const known = { key: accountOf('known'), number: NUMBER }
    const offered = { account: accountOf('other'), key: accountOf('offered'), number: reversed(NUMBER) }
    return { account, name, kind: 'other-account', known, offered, waiting }
  }

  async acceptKey(who: string, key: string): Promise<AcceptedKey> {
    const { name, offered, waiting, account } = await this.keyChange(who)
    if (key !== offered.key) throw new RequestError('key-changed', 'another key is offered now')
    this.know(name)
    return { account: offered.account, name, sent: waiting, formerAccount: account }
  }

  async refuseKey(who: string, key: string): Promise<AcceptedKey> {
    const { name, offered, waiting, account } = await this.keyChange(who)
    if (key !== offered.key) throw new RequestError('key-changed', 'another key is offered now')
    this.know(name)
    return { account, name, sent: waiting }
  }

  why(id: string): Why {
    const why = this.whys.get(id)
    if (why === undefined) throw new RequestError('unknown-message', 'no message here has this id')
    return why
  }

  eventCursor(): string {
    return `${this.#log.length}.0`
  }

  async eventsAfter({ after, limit }: EventsQuery, signal: AbortSignal): Promise<EventsPage> {
    const from = Number.parseInt(after, 10)
    while (this.#log.length <= from && !signal.aborted) for await (const _ of this.#feed.read(signal)) break
    const events = this.#log.slice(from, from + limit)
    return { events, next: `${from + events.length}.0` }
  }

  events(signal: AbortSignal): AsyncIterable<DaemonEvent> {
    this.#note('events', '')
    signal.addEventListener('abort', () => this.#note('events-ended', ''))
    return this.#feed.read(signal)
  }

  stop(): void {
    this.#note('stop', '')
  }

  #mine(id: string): MessageView {
    const message = this.message(id)
    if (message === undefined) throw new RequestError('unknown-message', 'no message here has this id')
    if (message.direction === 'in') throw new RequestError('not-editable', `${message.with} wrote this, not you`)
    return message
  }

  #quote(id: string): NonNullable<MessageView['replyTo']> {
    const message = this.message(id)
    return message === undefined ? {} : { message: { id, direction: message.direction, text: message.text } }
  }

  #note(what: DaemonCall['what'], about: string): void {
    this.calls.push({ what, about })
  }

  #contact(who: string): PeerInfo {
    const contact = this.peers().find(({ name, account }) => name === who || account === who)
    if (contact === undefined) throw new RequestError('unknown-name', `nobody is known as ${who}`)
    return contact
  }

  #message(name: string, text: string): Omit<MessageView, 'direction'> {
    this.#lamport += 1
    const now = this.#now()
    return {
      id: randomBytes(16).toString('base64url'),
      account: accountOf(name),
      with: name,
      kind: 'text',
      text,
      sentAt: now,
      storedAt: now,
      lamport: this.#lamport,
    }
  }

  #add(message: MessageView): MessageView {
    this.messages.push(message)
    this.#feed.publish({ type: 'message', message })
    return message
  }
}

function isSettled({ state, hold }: MessageView, wanted: 'sent' | 'delivered'): boolean {
  if (hold === 'blocked-key-change') return true
  return state !== undefined && state !== 'queued' && (state !== 'sent' || wanted === 'sent')
}

/** Twelve groups of five digits. */
const NUMBER = '012345678901234567890123456789012345678901234567890123456789'

/** 43 characters, the same for the same name. */
export function accountOf(name: string): string {
  return Buffer.from(name.padEnd(32, '.')).toString('base64url')
}

function reversed(text: string): string {
  return Array.from(text).toReversed().join('')
}
