// A conversation read back from its end, page by page, with what happened to it beside its messages.
import type { AccountId, ConversationId } from '@parley/shared/ids.ts'
import type { HistoryPage, MessageView } from '@parley/shared/local-api/messages.ts'
import type { DaemonStatus } from '@parley/shared/local-api/status.ts'
import type { MessageRow } from '#store/messages-table.ts'
import type { Store } from '#store/store.ts'
import type { Contacts } from './contacts.ts'
import { ConversationError } from './conversation-error.ts'
import type { MessageViews } from './message-views.ts'
import type { Notes } from './notes.ts'
import { troublesOf } from './troubles.ts'

export interface HistoryDeps {
  readonly store: Store
  readonly contacts: Contacts
  readonly views: MessageViews
  readonly notes: Notes
  readonly conversationWith: (account: AccountId) => ConversationId
}

/** Before a message, after it, or around it; the newest without any. */
export interface PagePlace {
  readonly before?: string | undefined
  readonly after?: string | undefined
  readonly around?: string | undefined
}

/** Newest first, and the messages next to them on both sides, if there are any. */
interface Lines {
  readonly messages: MessageView[]
  readonly older: MessageView | undefined
  readonly newer: MessageView | undefined
}

export class History {
  readonly #deps: HistoryDeps

  constructor(deps: HistoryDeps) {
    this.#deps = deps
  }

  /** Newest first. Throws `unknown-message` when the message of the place is none of this conversation. */
  page(account: AccountId, limit: number, place: PagePlace = {}): HistoryPage {
    const { store, notes, conversationWith } = this.#deps
    const conversation = conversationWith(account)
    const { messages, older, newer } = this.#lines(conversation, limit, place)
    const [first, last] = [messages[0], messages.at(-1)]
    const between = notes.between(account, { from: older && (last ?? older).lamport, to: newer?.lamport })
    const troubles = newer === undefined ? troublesOf(store, conversation) : undefined
    return {
      contact: this.#contact(account),
      messages,
      ...(older === undefined || last === undefined ? {} : { next: last.id }),
      ...(newer === undefined || first === undefined ? {} : { newer: first.id }),
      ...(between.length === 0 ? {} : { notes: between }),
      ...(troubles === undefined ? {} : { troubles }),
    }
  }

  #lines(conversation: ConversationId, limit: number, { before, after, around }: PagePlace): Lines {
    const { views } = this.#deps
    // One more than is asked for tells whether there are more.
    if (after !== undefined) {
      const place = this.#placeOf(conversation, after)
      const found = views.pageAfter(conversation, limit + 1, place)
      const messages = found.slice(-limit)
      return { messages, older: views.view(place), newer: found.length > limit ? found[0] : undefined }
    }
    if (around !== undefined) {
      const place = this.#placeOf(conversation, around)
      const room = Math.floor((limit - 1) / 2)
      const later = views.pageAfter(conversation, room + 1, place)
      const shown = later.slice(-room || later.length)
      const earlier = views.page(conversation, limit - shown.length, place)
      const messages = [...shown, views.view(place), ...earlier.slice(0, limit - 1 - shown.length)]
      return {
        messages,
        older: earlier.length > limit - 1 - shown.length ? earlier.at(-1) : undefined,
        newer: later.length > room ? later[0] : undefined,
      }
    }
    const place = before === undefined ? undefined : this.#placeOf(conversation, before)
    const found = views.page(conversation, limit + 1, place)
    return { messages: found.slice(0, limit), older: found[limit], newer: place && views.view(place) }
  }

  #placeOf(conversation: ConversationId, id: string): MessageRow {
    const { store } = this.#deps
    const row = store.messages.byLocalId(id)
    if (row !== undefined && store.streams.conversationOf(row.stream) === conversation) return row
    throw new ConversationError('unknown-message', `there is no message ${id} in this conversation`)
  }

  /** Of all conversations those in which something is not as it should be. */
  troubles(): DaemonStatus['troubles'] {
    const { store, contacts, conversationWith } = this.#deps
    return store.contacts.all().flatMap(({ account }) => {
      const { missing = 0, forkCount: forks = 0 } = troublesOf(store, conversationWith(account)) ?? {}
      return missing + forks === 0 ? [] : [{ name: contacts.label(account).name, missing, forks }]
    })
  }

  #contact(account: AccountId): HistoryPage['contact'] {
    const { contacts } = this.#deps
    return {
      account,
      name: contacts.label(account).name,
      isKeyChanged: contacts.get(account)?.offeredKey != null,
      verification: contacts.verification(account),
    }
  }
}
