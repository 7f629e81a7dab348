// What is loaded of the conversations: the newest page when one is opened, older ones as somebody scrolls, and what arrives.
import type { ApiClient } from '@parley/api-client'
import { MAX_PAGE_MESSAGES } from '@parley/shared/limits.ts'
import type { MessageView } from '@parley/shared/local-api/messages.ts'
import type { Note } from '@parley/shared/local-api/notes.ts'
import { firstUnread } from '#text/rows.ts'
import { conversations, EMPTY_THREAD, jump, type Partner, setThread, threadOf, threads } from './store.ts'
import { withMessage, withNewestPage, withNotes, withQuote } from './thread-messages.ts'

const PAGE = 100

/** Runs it, and says what went wrong; undefined then. */
export type Attempt = <T>(work: () => Promise<T>) => Promise<T | undefined>

export class ThreadLoader {
  readonly #client: ApiClient
  readonly #attempt: Attempt
  readonly #loadingOlder = new Map<string, Promise<void>>()

  constructor(client: ApiClient, attempt: Attempt) {
    this.#client = client
    this.#attempt = attempt
  }

  /** The newest messages of a conversation, and where what is new begins. */
  async open(partner: Partner): Promise<void> {
    const { account } = partner
    const unread = conversations.value.find((one) => one.account === account)?.unread ?? 0
    await this.#attempt(async () => {
      const { messages, notes, next } = await this.#client.history(whoOf(partner), { limit: PAGE })
      setThread(account, (thread) => {
        const all = withNewestPage(thread.messages, messages)
        return {
          messages: all ?? messages.toReversed(),
          notes: withNotes(all === undefined ? [] : thread.notes, notes),
          older: all === undefined || !thread.isLoaded ? next : thread.older,
          isLoaded: true,
          unreadFrom: firstUnread(messages.toReversed(), Math.min(unread, messages.length)),
        }
      })
    })
  }

  /** The line above what is new has been seen. */
  leave(account: string): void {
    setThread(account, (thread) => ({ ...thread, unreadFrom: undefined }))
  }

  /** What was loaded of the others may have a gap; the one that is open is read again. */
  async reload(open: Partner | undefined): Promise<void> {
    threads.value = new Map(open === undefined ? [] : [[open.account, threadOf(open.account)]])
    if (open !== undefined) await this.open(open)
  }

  async loadOlder(account: string, limit = PAGE * 2): Promise<void> {
    const { older } = threadOf(account)
    if (older === undefined) return
    const loading = this.#loadingOlder.get(account) ?? this.#loadOlder(account, older, limit)
    this.#loadingOlder.set(account, loading)
    await loading
    this.#loadingOlder.delete(account)
  }

  /** Brings a message into sight, from however far back. */
  async jumpTo(partner: Partner, id: string): Promise<void> {
    const { account } = partner
    if (!threadOf(account).isLoaded) await this.open(partner)
    while (!threadOf(account).messages.some((message) => message.id === id)) {
      const { older } = threadOf(account)
      if (older !== undefined) await this.loadOlder(account, MAX_PAGE_MESSAGES)
      if (threadOf(account).older === older) return
    }
    jump.value = { account, id }
  }

  /** A message, as it is now. */
  take(message: MessageView): void {
    const { account, about } = message
    if (about !== undefined || !(threads.value.get(account) ?? EMPTY_THREAD).isLoaded) return
    setThread(account, (thread) => ({
      ...thread,
      messages: withQuote(withMessage(thread.messages, message), message),
    }))
  }

  takeNote(account: string, note: Note): void {
    if (!threadOf(account).isLoaded) return
    setThread(account, (thread) => ({ ...thread, notes: withNotes(thread.notes, [note]) }))
  }

  /** Something arrived: what was quoted and not here may be here now. */
  fillQuotes(account: string): void {
    for (const { id, replyTo } of threadOf(account).messages) {
      if (replyTo === undefined || replyTo.message !== undefined) continue
      void this.#attempt(async () => this.take(await this.#client.message(id)))
    }
  }

  async #loadOlder(account: string, before: string, limit: number): Promise<void> {
    await this.#attempt(async () => {
      const { messages, notes, next } = await this.#client.history(account, { limit, before })
      setThread(account, (thread) => ({
        ...thread,
        messages: [...messages.toReversed(), ...thread.messages],
        notes: withNotes(thread.notes, notes),
        older: next,
      }))
    })
  }
}

/** Somebody whom this peer has never met is known to it by name alone. */
export function whoOf({ account, name }: Partner): string {
  return conversations.value.some((one) => one.account === account) ? account : name
}
