// A conversation read back from its end, page by page, with what happened to it beside its messages.
import type { AccountId, ConversationId } from '@parley/shared/ids.ts'
import type { HistoryPage } from '@parley/shared/local-api/messages.ts'
import type { DaemonStatus } from '@parley/shared/local-api/status.ts'
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

export class History {
  readonly #deps: HistoryDeps

  constructor(deps: HistoryDeps) {
    this.#deps = deps
  }

  /** Newest first. Throws `unknown-message` when `before` is not one of them. */
  page(account: AccountId, limit: number, before?: string): HistoryPage {
    const { store, views, conversationWith } = this.#deps
    const conversation = conversationWith(account)
    const from = before === undefined ? undefined : store.messages.byLocalId(before)
    if (before !== undefined && from === undefined)
      throw new ConversationError('unknown-message', `there is no message ${before}`)
    const messages = views.page(conversation, limit + 1, from)
    const page = messages.slice(0, limit)
    const last = page.at(-1)
    const isMore = messages.length > limit && last !== undefined
    const notes = this.#deps.notes.between(account, { from: isMore ? last.lamport : undefined, to: from?.lamport })
    const troubles = before === undefined ? troublesOf(store, conversation) : undefined
    return {
      contact: this.#contact(account),
      messages: page,
      ...(isMore ? { next: last.id } : {}),
      ...(notes.length === 0 ? {} : { notes }),
      ...(troubles === undefined ? {} : { troubles }),
    }
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
