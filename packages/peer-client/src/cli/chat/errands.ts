// What the chat wants done at the peer, and what came of it.
import { setTimeout as delay } from 'node:timers/promises'
import type { ApiClient } from '@parley/api-client'
import { ApiError } from '@parley/api-client/api-error.ts'
import type { Contact } from '@parley/shared/local-api/contacts.ts'
import type { MessageView } from '@parley/shared/local-api/messages.ts'
import type { Chat } from './chat.ts'
import type { Glances } from './glances.ts'
import type { Wish } from './happening.ts'
import { conversationOf, type Outgoing, type Partner } from './state.ts'

/** Somebody who types on does not want an answer yet. */
const TYPING_MS = 150
/** Two screens of a large terminal, and more at a time further back. */
const PAGE_MESSAGES = { end: 100, around: 100, before: 200, after: 200 }
const HITS = 50

interface ErrandsOptions {
  readonly chat: Chat
  /** The daemon as it can be reached now. */
  readonly client: () => ApiClient
  readonly glances: Glances
}

type WishOf<T extends Wish['type']> = Extract<Wish, { type: T }>

export class Errands {
  readonly #chat: Chat
  readonly #glances: Glances
  readonly #daemon: () => ApiClient
  #isSending = false
  #asking: AbortController | undefined

  constructor({ chat, client, glances }: ErrandsOptions) {
    this.#chat = chat
    this.#daemon = client
    this.#glances = glances
  }

  get #client(): ApiClient {
    return this.#daemon()
  }

  run(wish: Wish): void {
    this.#do(wish).catch((error: unknown) => {
      const { text, isUnreachable } = explained(error)
      if (wish.type === 'load') this.#chat.tell({ type: 'page-failed', account: wish.partner.account })
      // Somebody typed on.
      if (error instanceof Error && error.name === 'AbortError') return
      if (wish.type === 'find') return this.#chat.tell({ type: 'find-failed', query: wish.query, sentence: text })
      if (wish.type === 'search') {
        const { query, next } = wish
        return this.#chat.tell({ type: 'search-failed', query, next, sentence: text })
      }
      // The line says so already, and asks for both again when it is back.
      if (isUnreachable && (wish.type === 'load' || wish.type === 'mark-read')) return
      this.#chat.tell({ type: 'notice', text, isTrouble: true })
    })
  }

  async #do(wish: Wish): Promise<void> {
    const client = this.#client
    switch (wish.type) {
      case 'send':
        return await this.#send()
      case 'load':
        return await this.#load(wish)
      case 'mark-read':
        await client.markRead(wish.account, { upTo: wish.upTo })
        return
      case 'edit':
        return this.#changed(await client.edit(wish.id, wish.text))
      case 'cancel':
        return this.#changed(await client.cancel(wish.id))
      case 'remove':
        return this.#changed(await client.remove(wish.id))
      case 'react':
        return this.#changed(await client.react(wish.id, wish.emoji))
      case 'hide':
        return await client.hide(wish.id)
      case 'nickname':
        return this.#contactIs(await client.contacts.setNickname(wish.account, wish.nickname))
      case 'block':
        return this.#contactIs(await client.contacts[wish.isBlocked ? 'block' : 'unblock'](wish.account))
      case 'tell-typing':
        // Whether anybody was told is nothing to worry about.
        await client.tellTyping(wish.account).catch(() => undefined)
        return
      case 'why':
        return this.#chat.tell({ type: 'why', why: await client.why(wish.id) })
      case 'find':
        return await this.#findPeople(wish)
      case 'search':
        return await this.#search(wish)
      case 'trust':
        return await this.#trust(wish.account)
      case 'verify':
        if (wish.number === undefined) await client.unverify(wish.account)
        else await client.verify(wish.account, wish.number)
        this.#glances.soon()
        return await this.#trust(wish.account)
      case 'decide':
        return await this.#decide(wish)
      case 'redraw':
      case 'quit':
        return
    }
  }

  /** One after the other, in the order of writing. What the daemon cannot be asked about now is asked again when it is back. */
  async #send(): Promise<void> {
    if (this.#isSending) return
    this.#isSending = true
    try {
      for (let next = this.#chat.state().outgoing[0]; next !== undefined; next = this.#chat.state().outgoing[0]) {
        if (!(await this.#sendOne(next))) return
      }
    } finally {
      this.#isSending = false
    }
  }

  /** False when nobody answered. */
  async #sendOne({ key, partner, text, answers }: Outgoing): Promise<boolean> {
    try {
      const message = await this.#client.send(this.#whoOf(partner), text, { idempotencyKey: key, replyTo: answers?.id })
      this.#chat.tell({ type: 'sent', key, message })
      this.#glances.soon()
      return true
    } catch (error) {
      const { text: sentence, isUnreachable } = explained(error)
      if (isUnreachable) return false
      this.#chat.tell({ type: 'not-sent', key, sentence })
      return true
    }
  }

  async #load({ partner, place }: WishOf<'load'>): Promise<void> {
    const limit = PAGE_MESSAGES[place.at]
    const where = place.at === 'end' ? {} : { [place.at]: place.id }
    const page = await this.#client.history(this.#whoOf(partner), { limit, ...where })
    this.#chat.tell({ type: 'page', account: partner.account, page, place })
    if (place.at === 'end') await this.#meet(partner.account)
  }

  /** The list of contacts leaves out those with whom nothing was exchanged. */
  async #meet(account: string): Promise<void> {
    if (this.#chat.state().contacts.has(account)) return
    const contact = await this.#client.contacts.find(account).catch(() => undefined)
    if (contact !== undefined) this.#chat.tell({ type: 'contact', contact })
  }

  #contactIs(contact: Contact): void {
    this.#chat.tell({ type: 'contact', contact })
    this.#glances.soon()
  }

  #changed(message: MessageView): void {
    this.#chat.tell({ type: 'message', message, isNew: false })
    this.#glances.soon()
  }

  async #findPeople({ query }: WishOf<'find'>): Promise<void> {
    const signal = await this.#pausing()
    if (signal.aborted) return
    const users = await this.#client.find(query, { signal })
    if (!signal.aborted) this.#chat.tell({ type: 'found', query, users })
  }

  async #search({ query, account, next }: WishOf<'search'>): Promise<void> {
    const signal = await this.#pausing()
    if (signal.aborted) return
    const found = await this.#client.search(query, { conversation: account, limit: HITS, cursor: next, signal })
    this.#chat.tell({ type: 'hits', query, hits: found.hits, next: found.next, isMore: next !== undefined })
  }

  /** Resolves when the typing pauses; the signal has aborted when it did not. */
  async #pausing(): Promise<AbortSignal> {
    this.#asking?.abort()
    const asking = new AbortController()
    this.#asking = asking
    await delay(TYPING_MS, undefined, { signal: asking.signal }).catch(() => undefined)
    return asking.signal
  }

  async #trust(account: string): Promise<void> {
    const isChanged = conversationOf(this.#chat.state(), account)?.isKeyChanged === true
    const [safety, change] = await Promise.all([
      this.#client.safetyNumber(account),
      isChanged ? this.#client.keyChange(account) : undefined,
    ])
    this.#chat.tell({ type: 'trust', account, safety, change })
  }

  async #decide({ account, key, isAccepted }: WishOf<'decide'>): Promise<void> {
    const accepted = isAccepted
      ? await this.#client.acceptKey(account, key)
      : await this.#client.refuseKey(account, key)
    await this.#glances.now()
    this.#chat.tell({ type: 'decided', accepted, isNewKey: isAccepted })
  }

  /** Somebody whom this peer has never met is known to it by name alone. */
  #whoOf({ account, name }: Partner): string {
    return conversationOf(this.#chat.state(), account) === undefined ? name : account
  }
}

function explained(error: unknown): { readonly text: string; readonly isUnreachable: boolean } {
  if (!(error instanceof ApiError)) {
    return { text: error instanceof Error ? error.message : String(error), isUnreachable: false }
  }
  const { code, message } = error
  if (code === 'no-connection' || code === 'stopping' || code === 'unauthorised') {
    return { text: 'Your peer does not answer: nothing was changed.', isUnreachable: true }
  }
  return { text: `${message.charAt(0).toUpperCase()}${message.slice(1)} (${code})`, isUnreachable: false }
}
