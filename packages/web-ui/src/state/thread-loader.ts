// What is loaded of the conversations: the newest page when one is opened, older ones as somebody scrolls, and what arrives.
import type { ApiClient } from '@parley/api-client'
import { firstUnread, withMessage, withNewestPage, withNotes } from '@parley/api-client/loaded-messages.ts'
import type { MessageView } from '@parley/shared/local-api/messages.ts'
import type { Note } from '@parley/shared/local-api/notes.ts'
import { contacts, conversations, EMPTY_THREAD, jump, type Partner, setThread, threadOf, threads } from './store.ts'

const PAGE = 100

/** Runs it, and says what went wrong; undefined then. */
export type Attempt = <T>(work: () => Promise<T>) => Promise<T | undefined>

export class ThreadLoader {
  readonly #client: ApiClient
  readonly #attempt: Attempt
  readonly #opening = new Map<string, Promise<void>>()
  readonly #loadingOlder = new Set<string>()
  readonly #loadingNewer = new Set<string>()
  /** Pages that were asked for and are not here yet, each with what happened since: the page may be older than that. */
  readonly #underWay = new Set<{ readonly account: string; readonly since: (() => void)[] }>()

  constructor(client: ApiClient, attempt: Attempt) {
    this.#client = client
    this.#attempt = attempt
  }

  /** The newest messages of a conversation, and where what is new begins. */
  async open(partner: Partner): Promise<void> {
    const opening = this.#open(partner)
    this.#opening.set(partner.account, opening)
    await opening
    if (this.#opening.get(partner.account) === opening) this.#opening.delete(partner.account)
  }

  async #open(partner: Partner): Promise<void> {
    const { account } = partner
    const unread = conversations.value.find((one) => one.account === account)?.unread ?? 0
    await this.#read(account, async () => {
      const { messages, notes, next } = await this.#client.history(whoOf(partner), { limit: PAGE })
      setThread(account, (thread) => {
        const all = thread.newer === undefined ? withNewestPage(thread.messages, messages) : undefined
        return {
          messages: all ?? messages.toReversed(),
          notes: withNotes(all === undefined ? [] : thread.notes, notes),
          older: all === undefined || !thread.isLoaded ? next : thread.older,
          newer: undefined,
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
    // Whoever reads far back goes on reading there.
    if (open !== undefined && threadOf(open.account).newer === undefined) await this.open(open)
  }

  async loadOlder(account: string): Promise<void> {
    const { older } = threadOf(account)
    if (older === undefined || this.#loadingOlder.has(account)) return
    this.#loadingOlder.add(account)
    await this.#read(account, async () => {
      const page = await this.#client.history(account, { limit: PAGE * 2, before: older })
      setThread(account, (thread) => ({
        ...thread,
        // Somebody may have been led elsewhere meanwhile.
        ...(thread.older === older && {
          messages: [...page.messages.toReversed(), ...thread.messages],
          notes: withNotes(thread.notes, page.notes),
          older: page.next,
        }),
      }))
    })
    this.#loadingOlder.delete(account)
  }

  async loadNewer(account: string): Promise<void> {
    const { newer } = threadOf(account)
    if (newer === undefined || this.#loadingNewer.has(account)) return
    this.#loadingNewer.add(account)
    await this.#read(account, async () => {
      const page = await this.#client.history(account, { limit: PAGE * 2, after: newer })
      setThread(account, (thread) => ({
        ...thread,
        // Somebody may have gone to the end meanwhile.
        ...(thread.newer === newer && {
          messages: [...thread.messages, ...page.messages.toReversed()],
          notes: withNotes(thread.notes, page.notes),
          newer: page.newer,
        }),
      }))
    })
    this.#loadingNewer.delete(account)
  }

  /** Brings a message into sight, from however far back. */
  async jumpTo(partner: Partner, id: string): Promise<void> {
    const { account } = partner
    await this.#opening.get(account)
    if (!threadOf(account).messages.some((message) => message.id === id)) {
      await this.#read(account, async () => {
        const page = await this.#client.history(whoOf(partner), { limit: PAGE, around: id })
        const { messages, notes, next: older, newer } = page
        setThread(account, (thread) => ({
          ...thread,
          messages: messages.toReversed(),
          notes: withNotes([], notes),
          older,
          newer,
          isLoaded: true,
        }))
      })
    }
    jump.value = { account, id }
  }

  /** Back to where one writes. */
  async toEnd(partner: Partner): Promise<void> {
    if (threadOf(partner.account).newer !== undefined) await this.open(partner)
    jump.value = { account: partner.account }
  }

  /** A message, as it is now. */
  take(message: MessageView): void {
    if (message.about === undefined) this.#happened(message.account, () => this.#place(message))
  }

  #place(message: MessageView): void {
    const { account } = message
    if (!(threads.value.get(account) ?? EMPTY_THREAD).isLoaded) return
    setThread(account, (thread) => {
      const isHere = thread.newer === undefined || thread.messages.some(({ id }) => id === message.id)
      return isHere ? { ...thread, messages: withMessage(thread.messages, message) } : thread
    })
  }

  /** It is shown no more. */
  drop(account: string, id: string): void {
    this.#happened(account, () =>
      setThread(account, (thread) => ({ ...thread, messages: thread.messages.filter((message) => message.id !== id) })),
    )
  }

  takeNote(account: string, note: Note): void {
    this.#happened(account, () => {
      if (!threadOf(account).isLoaded) return
      setThread(account, (thread) => ({ ...thread, notes: withNotes(thread.notes, [note]) }))
    })
  }

  #happened(account: string, change: () => void): void {
    change()
    for (const page of this.#underWay) if (page.account === account) page.since.push(change)
  }

  /** Asks for a page and puts it in; then what happened meanwhile, once more. */
  async #read(account: string, read: () => Promise<void>): Promise<void> {
    const page = { account, since: [] as (() => void)[] }
    this.#underWay.add(page)
    await this.#attempt(read)
    this.#underWay.delete(page)
    for (const change of page.since) change()
  }

  /** Something arrived: what was quoted and not here may be here now. */
  fillQuotes(account: string): void {
    for (const { id, replyTo } of threadOf(account).messages) {
      if (replyTo === undefined || replyTo.message !== undefined) continue
      void this.#attempt(async () => this.take(await this.#client.message(id)))
    }
  }
}

/** Somebody whom this peer has never met is known to it by name alone. */
export function whoOf({ account, name }: Partner): string {
  const isKnown = contacts.value.has(account) || conversations.value.some((one) => one.account === account)
  return isKnown ? account : name
}
