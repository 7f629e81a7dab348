// The chat's side of the peer: hears what happens there, and does there what the chat wants done. The peer may go away and come back,
// at another address too, as often as it likes.
import { setTimeout as delay } from 'node:timers/promises'
import type { ApiClient } from '@parley/api-client'
import { ApiError } from '@parley/api-client/api-error.ts'
import type { ClientEvent } from '@parley/api-client/event-stream.ts'
import { TYPING_SHOWN_MS } from '@parley/shared/limits.ts'
import type { MessageView } from '@parley/shared/local-api/messages.ts'
import type { Chat } from './chat.ts'
import type { Wish } from './happening.ts'
import { conversationOf, type Outgoing, type Partner } from './state.ts'

/** So often it is looked for. */
const SEARCH_MS = 500
/** What happens within this time is looked at together. */
const GLANCE_MS = 150
/** Somebody who types on does not want an answer yet. */
const TYPING_MS = 150
/** Two screens of a large terminal, and more at a time further back. */
const PAGE_MESSAGES = { end: 100, around: 100, before: 200, after: 200 }
const HITS = 50

interface HomeOptions {
  readonly chat: Chat
  /** The daemon as it can be reached now; rejects while it cannot. `onLost` is called when the line for events breaks. */
  readonly find: (onLost: () => void) => Promise<ApiClient>
  readonly client: ApiClient
}

type WishOf<T extends Wish['type']> = Extract<Wish, { type: T }>

export class Home {
  readonly #chat: Chat
  readonly #find: HomeOptions['find']
  #client: ApiClient
  #isSending = false
  #isGlancePlanned = false
  #asking: AbortController | undefined

  constructor({ chat, find, client }: HomeOptions) {
    this.#chat = chat
    this.#find = find
    this.#client = client
  }

  /** Until the signal aborts. */
  async listen(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const lost = new AbortController()
      try {
        this.#client = await this.#find(() => lost.abort())
        for await (const event of this.#client.events(AbortSignal.any([signal, lost.signal]))) await this.#heard(event)
      } catch {
        // Whatever it was, it is tried again: the person sees that the line is down.
      }
      if (signal.aborted) return
      this.#chat.tell({ type: 'lost' })
      await delay(SEARCH_MS, undefined, { signal }).catch(() => undefined)
    }
  }

  fulfil(wish: Wish): void {
    this.#do(wish).catch((error: unknown) => {
      const { text, isUnreachable } = explained(error)
      if (wish.type === 'load') this.#chat.tell({ type: 'page-failed', account: wish.partner.account })
      // Somebody typed on.
      if (error instanceof Error && error.name === 'AbortError') return
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
        this.#glanceSoon()
        return await this.#trust(wish.account)
      case 'decide':
        return await this.#decide(wish)
      case 'redraw':
      case 'quit':
        return
    }
  }

  async #heard(event: ClientEvent): Promise<void> {
    switch (event.type) {
      case 'ready': {
        const [status, conversations] = await Promise.all([this.#client.status(), this.#client.conversations()])
        this.#chat.tell({ type: 'up', status, conversations })
        return
      }
      case 'message':
      case 'state':
        this.#glanceSoon()
        await this.#tellMessage(event.message, event.type === 'message')
        return
      case 'peer':
      case 'contact':
      case 'read':
        return this.#glanceSoon()
      case 'hidden':
        this.#glanceSoon()
        return this.#chat.tell({ type: 'hidden', account: event.account, id: event.id })
      case 'typing':
        return this.#writes(event.account, event.until)
      case 'notice':
        this.#glanceSoon()
        return this.#chat.tell({ type: 'note', account: event.account, note: event })
    }
  }

  /** An edit, a deletion or a reaction is seen at the message that it is about. */
  async #tellMessage(message: MessageView, isNew: boolean): Promise<void> {
    if (message.about === undefined) return this.#chat.tell({ type: 'message', message, isNew })
    const about = await this.#client.message(message.about).catch(() => undefined)
    // What it is about may not have arrived.
    if (about !== undefined) this.#chat.tell({ type: 'message', message: about, isNew: false })
  }

  #writes(account: string, until: number): void {
    this.#chat.tell({ type: 'writes', account, until })
    // Drawn anew when it is over.
    setTimeout(() => this.#chat.tell({ type: 'tick' }), TYPING_SHOWN_MS).unref()
  }

  #glanceSoon(): void {
    if (this.#isGlancePlanned) return
    this.#isGlancePlanned = true
    setTimeout(() => {
      this.#isGlancePlanned = false
      this.#glance().catch(() => undefined)
    }, GLANCE_MS)
  }

  async #glance(): Promise<void> {
    const [status, conversations] = await Promise.all([this.#client.status(), this.#client.conversations()])
    this.#chat.tell({ type: 'glance', status, conversations })
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
      this.#glanceSoon()
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
  }

  #changed(message: MessageView): void {
    this.#chat.tell({ type: 'message', message, isNew: false })
    this.#glanceSoon()
  }

  async #findPeople({ query }: WishOf<'find'>): Promise<void> {
    const signal = await this.#pausing()
    if (signal.aborted) return
    // Whoever is known is found all the same; that the directory is away is told elsewhere.
    const users = await this.#client.find(query, { signal }).catch(() => [])
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
    await this.#glance()
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
