// The one place that talks to the peer's API. Everything else reads the store, or calls what is here.
import { ApiClient } from '@parley/api-client'
import { ApiError } from '@parley/api-client/api-error.ts'
import { TYPING_TOLD_MS } from '@parley/shared/limits.ts'
import type { Contact } from '@parley/shared/local-api/contacts.ts'
import type { ApiToken } from '@parley/shared/local-api/daemon-file.ts'
import type { MessageView } from '@parley/shared/local-api/messages.ts'
import { words } from '#words/words.ts'
import { watchDirectory } from './directory-watch.ts'
import { Drafts } from './drafts.ts'
import { type Failure, failureOf } from './failure.ts'
import { openThread } from './navigation.ts'
import { announce } from './notifications.ts'
import { lendToken } from './session.ts'
import {
  contacts,
  conversations,
  hasConversations,
  line,
  notify,
  now,
  type Partner,
  partner,
  peers,
  spoken,
  status,
  threadOf,
  writing,
} from './store.ts'
import { ThreadLoader, whoOf } from './thread-loader.ts'

const REFRESH_MS = 100

export class Daemon {
  readonly client: ApiClient
  readonly drafts: Drafts
  readonly threads: ThreadLoader
  readonly #token: ApiToken
  readonly #onUnauthorised: () => void
  #isRefreshPlanned = false
  #refreshing: Promise<void> = Promise.resolve()
  #typedAt = 0
  readonly #marked = new Map<string, string>()

  private constructor(client: ApiClient, drafts: Drafts, token: ApiToken, onUnauthorised: () => void) {
    this.client = client
    this.drafts = drafts
    this.threads = new ThreadLoader(client, (work) => this.attempt(work))
    this.#token = token
    this.#onUnauthorised = onUnauthorised
  }

  /** Rejects when the daemon does not take the token, or does not answer. */
  static async open(token: ApiToken, onUnauthorised: () => void): Promise<Daemon> {
    const client = new ApiClient({
      url: location.origin,
      token,
      retry: { minMs: 250, maxMs: 3_000 },
      onLost: () => {
        if (line.value === 'up') line.value = 'lost'
      },
    })
    const me = await client.status()
    status.value = me
    return new Daemon(client, new Drafts(me.account), token, onUnauthorised)
  }

  /** Until the page is closed. */
  start(): void {
    setInterval(() => {
      now.value = Date.now()
    }, 1_000)
    watchDirectory(this.client)
    lendToken(this.#token, () => line.value === 'up')
    this.#listen().catch((error: unknown) => this.#failed(error))
  }

  /** Runs it, and says what went wrong in a notice; undefined then. */
  async attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work()
    } catch (error) {
      this.#failed(error)
      return undefined
    }
  }

  /** What went wrong, for a place of its own on the page. Undefined when the whole page gives way to another. */
  failure(error: unknown): Failure | undefined {
    const failure = failureOf(error)
    if (failure.code !== 'unauthorised') return failure
    this.#onUnauthorised()
    return undefined
  }

  /** True when it is durable. What could not be sent stays in the draft. */
  async send({ account, name }: Partner, text: string, replyTo?: string): Promise<boolean> {
    const idempotencyKey = crypto.randomUUID()
    const sent = await this.attempt(() => this.client.send(whoOf({ account, name }), text, { idempotencyKey, replyTo }))
    if (sent === undefined) return false
    if (threadOf(account).newer !== undefined) await this.threads.toEnd({ account, name })
    this.threads.take(sent)
    return true
  }

  async edit(message: MessageView, text: string): Promise<boolean> {
    const edited = await this.attempt(() => this.client.edit(message.id, text))
    if (edited !== undefined) this.threads.take(edited)
    return edited !== undefined
  }

  async remove(message: MessageView): Promise<void> {
    const removed = await this.attempt(() => this.client.remove(message.id))
    if (removed !== undefined) this.threads.take(removed)
  }

  /** One emoji in the place of the one before; undefined takes it back. */
  async react(message: MessageView, emoji: string | undefined): Promise<void> {
    const reacted = await this.attempt(() => this.client.react(message.id, emoji ?? null))
    if (reacted !== undefined) this.threads.take(reacted)
  }

  /** Shown no more on this device; the other side hears nothing of it. */
  async hide({ account, id }: MessageView): Promise<void> {
    await this.attempt(async () => {
      await this.client.hide(id)
      this.threads.drop(account, id)
    })
  }

  async cancel(message: MessageView): Promise<void> {
    const cancelled = await this.attempt(() => this.client.cancel(message.id))
    if (cancelled !== undefined) this.threads.take(cancelled)
  }

  /** Everything up to the newest message of the conversation was on the screen. */
  async markRead(account: string): Promise<void> {
    const { messages, newer } = threadOf(account)
    const newest = newer === undefined ? messages.at(-1) : undefined
    const unread = conversations.value.find((one) => one.account === account)?.unread ?? 0
    if (newest === undefined || unread === 0 || this.#marked.get(account) === newest.id) return
    this.#marked.set(account, newest.id)
    await this.attempt(() => this.client.markRead(account, { upTo: newest.id }))
  }

  /** As often as it is called: the other side hears of it no more often than it needs to. */
  tellTyping(account: string): void {
    const isThere = conversations.value.some((one) => one.account === account && one.isConnected)
    if (!isThere || Date.now() - this.#typedAt < TYPING_TOLD_MS) return
    this.#typedAt = Date.now()
    // It is of no use later, so nobody hears of it when it did not work.
    this.client.tellTyping(account).catch(() => undefined)
  }

  /** Asks for a contact that no message was exchanged with: the list leaves those out. */
  async loadContact(account: string): Promise<void> {
    await this.attempt(async () => this.#takeContact(await this.client.contacts.find(account)))
  }

  /** Null takes it away. False when it could not be kept, which a notice has told. */
  async setNickname(account: string, nickname: string | null): Promise<boolean> {
    return this.#changeContact(() => this.client.contacts.setNickname(account, nickname))
  }

  async block(account: string): Promise<boolean> {
    return this.#changeContact(() => this.client.contacts.block(account))
  }

  async unblock(account: string): Promise<boolean> {
    return this.#changeContact(() => this.client.contacts.unblock(account))
  }

  async #changeContact(work: () => Promise<Contact>): Promise<boolean> {
    const changed = await this.attempt(work)
    if (changed !== undefined) this.#takeContact(changed)
    return changed !== undefined
  }

  #takeContact(contact: Contact): void {
    const before = contacts.value.get(contact.account)
    contacts.value = new Map(contacts.value).set(contact.account, contact)
    // What is loaded of the conversation carries the name from before.
    if (before !== undefined && before.name !== contact.name) void this.threads.reload(partner.value)
  }

  async #loadContacts(): Promise<void> {
    const all = await this.client.contacts.list()
    contacts.value = new Map(all.map((contact) => [contact.account, contact]))
  }

  refreshSoon(): void {
    if (this.#isRefreshPlanned) return
    this.#isRefreshPlanned = true
    setTimeout(async () => {
      await this.#refreshing
      this.#isRefreshPlanned = false
      this.#refresh().catch((error: unknown) => {
        // While the line is down there is a word for that already.
        if (!(error instanceof ApiError && error.code === 'no-connection')) this.#failed(error)
      })
    }, REFRESH_MS)
  }

  /** One at a time: what was read earlier must not come in later. */
  #refresh(): Promise<void> {
    const refreshed = this.#refreshing.then(() => this.#readLists())
    this.#refreshing = refreshed.catch(() => undefined)
    return refreshed
  }

  async #readLists(): Promise<void> {
    const [list, known, me] = await Promise.all([
      this.client.conversations(),
      this.client.peers(),
      this.client.status(),
    ])
    conversations.value = list
    hasConversations.value = true
    peers.value = known
    status.value = me
  }

  async #listen(): Promise<void> {
    for await (const event of this.client.events(new AbortController().signal)) {
      switch (event.type) {
        case 'ready':
          await this.#caughtUp()
          break
        case 'message':
          this.#arrived(event.message)
          this.refreshSoon()
          break
        case 'state':
          this.threads.take(event.message)
          this.refreshSoon()
          break
        case 'peer':
        case 'read':
          this.refreshSoon()
          break
        case 'contact':
          this.#takeContact(event.contact)
          this.refreshSoon()
          break
        case 'hidden':
          this.threads.drop(event.account, event.id)
          this.refreshSoon()
          break
        case 'typing':
          writing.value = new Map(writing.value).set(event.account, event.until)
          break
        case 'notice':
          this.threads.takeNote(event.account, event)
          if (partner.value?.account !== event.account) notify(event.text)
          this.refreshSoon()
      }
    }
  }

  /** The line is up, again or for the first time: what happened before is read from the history. */
  async #caughtUp(): Promise<void> {
    const wasLost = line.value === 'lost'
    line.value = 'up'
    if (wasLost) spoken.value = words.line.back
    await this.attempt(() => Promise.all([this.#refresh(), this.#loadContacts()]))
    // What is told meanwhile does not wait for a page of history.
    void this.threads.reload(partner.value)
  }

  #arrived(message: MessageView): void {
    if (message.about !== undefined) {
      const { about } = message
      void this.attempt(async () => this.threads.take(await this.client.message(about)))
      return
    }
    this.threads.take(message)
    this.threads.fillQuotes(message.account)
    if (message.direction === 'in')
      writing.value = new Map([...writing.value].filter(([who]) => who !== message.account))
    if (message.direction !== 'in') return
    spoken.value = words.arrived(message.with, message.text)
    if (!this.#isLookedAt(message.account))
      announce(message, () => openThread(this, { account: message.account, name: message.with }))
  }

  #isLookedAt(account: string): boolean {
    return partner.value?.account === account && document.visibilityState === 'visible' && document.hasFocus()
  }

  #failed(error: unknown): void {
    const failure = this.failure(error)
    if (failure !== undefined) notify(failure.text, failure.code)
  }
}
