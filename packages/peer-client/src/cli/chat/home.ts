// The chat's side of the peer: hears what happens there, and has done there what the chat wants. The peer may go away and come back,
// at another address too, as often as it likes.
import { setTimeout as delay } from 'node:timers/promises'
import type { ApiClient } from '@parley/api-client'
import type { ClientEvent } from '@parley/api-client/event-stream.ts'
import { MAX_PAGE_MESSAGES, TYPING_SHOWN_MS } from '@parley/shared/limits.ts'
import type { DaemonEvent } from '@parley/shared/local-api/events.ts'
import type { MessageView } from '@parley/shared/local-api/messages.ts'
import type { Chat } from './chat.ts'
import { Errands } from './errands.ts'
import { Glances } from './glances.ts'
import type { Wish } from './happening.ts'

/** So often it is looked for. */
const SEARCH_MS = 500
/** Beyond so many events the newest pages say it sooner. */
const MAX_MISSED = 1000
interface HomeOptions {
  readonly chat: Chat
  /** The daemon as it can be reached now; rejects while it cannot. `onLost` is called when the line for events breaks. */
  readonly find: (onLost: () => void) => Promise<ApiClient>
  readonly client: ApiClient
}

export class Home {
  readonly #chat: Chat
  readonly #find: HomeOptions['find']
  readonly #glances: Glances
  readonly #errands: Errands
  #client: ApiClient
  /** Where the log was when the line was made. */
  #cursor: string | undefined

  constructor({ chat, find, client }: HomeOptions) {
    this.#chat = chat
    this.#find = find
    this.#client = client
    this.#glances = new Glances(chat, () => this.#client)
    this.#errands = new Errands({ chat, client: () => this.#client, glances: this.#glances })
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
    this.#errands.run(wish)
  }

  async #heard(event: ClientEvent): Promise<void> {
    switch (event.type) {
      case 'ready':
        return this.#ready(event.cursor)
      case 'message':
      case 'state':
        this.#glances.soon()
        await this.#tellMessage(event.message, event.type === 'message')
        return
      case 'contact':
        this.#glances.soon()
        return this.#chat.tell({ type: 'contact', contact: event.contact })
      case 'peer':
      case 'read':
        return this.#glances.soon()
      case 'hidden':
        this.#glances.soon()
        return this.#chat.tell({ type: 'hidden', account: event.account, id: event.id })
      case 'typing':
        return this.#writes(event.account, event.until)
      case 'notice':
        this.#glances.soon()
        return this.#chat.tell({ type: 'note', account: event.account, note: event })
    }
  }

  async #ready(cursor: string): Promise<void> {
    const client = this.#client
    const [missed, status, conversations, contacts] = await Promise.all([
      this.#missed(),
      client.status(),
      client.conversations(),
      client.contacts.list(),
    ])
    this.#cursor = cursor
    this.#chat.tell({ type: 'up', status, conversations, contacts, missed })
  }

  /** What was logged behind the beginning of the line before; undefined when there was none, or it is too long ago. */
  async #missed(): Promise<DaemonEvent[] | undefined> {
    const missed: DaemonEvent[] = []
    try {
      for (let place = this.#cursor; place !== undefined && missed.length <= MAX_MISSED; ) {
        const { events, next } = await this.#client.eventsAfter(place, { limit: MAX_PAGE_MESSAGES })
        if (events.length === 0) return missed
        missed.push(...events)
        place = next
      }
    } catch {
      // Another log, perhaps: that of a profile which was put back to an older copy of itself.
    }
    return undefined
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
}
