// The user has seen a conversation: his mark moves, and a receipt goes out when he wants that.
import type { AccountId, ConversationId, LocalMessageId } from '@parley/shared/ids.ts'
import { MAX_READ_STREAMS } from '@parley/shared/limits.ts'
import { isPlanted } from '@parley/shared/planted-faults.ts'
import { encodeRead, READ_KIND, type ReadMark } from '@parley/shared/wire/message-body.ts'
import type { Delivery } from '#delivery/delivery.ts'
import type { Accepted } from '#delivery/own-streams.ts'
import type { ContactRow } from '#store/contacts-table.ts'
import type { MessageRow } from '#store/messages-table.ts'
import type { Store } from '#store/store.ts'
import type { StreamRow } from '#store/streams-table.ts'
import { ConversationError } from './conversation-error.ts'
import type { MessageViews } from './message-views.ts'
import type { ReadReceipts } from './read-receipts.ts'

export interface ReadingDeps {
  readonly store: Store
  readonly delivery: { readonly outbox: Pick<Delivery['outbox'], 'edit'> }
  readonly contacts: { get(account: AccountId): Pick<ContactRow, 'state' | 'offeredKey'> | undefined }
  readonly views: Pick<MessageViews, 'authorOf'>
  readonly receipts: ReadReceipts
  readonly me: AccountId
  readonly now: () => number
  /** Accepts a message that wakes nobody. */
  readonly post: (
    account: AccountId,
    content: { kind: string; critical: boolean; body: Uint8Array },
  ) => Promise<Pick<Accepted, 'localId'>>
}

interface Seen {
  readonly stream: StreamRow
  readonly upTo: number
}

export class Reading {
  readonly #deps: ReadingDeps
  /** The last receipt for each account: as long as it waits, a later one takes its place. */
  readonly #receipts = new Map<AccountId, LocalMessageId>()

  constructor(deps: ReadingDeps) {
    this.#deps = deps
  }

  /** Everything, or all up to this message, in the order of the screen. True when there was something that was not marked before. */
  async markRead(account: AccountId, conversation: ConversationId, upTo?: string): Promise<boolean> {
    const { store, me, now, receipts } = this.#deps
    const seen = this.#seen(conversation, upTo).filter(
      ({ stream, upTo: last }) => last > store.readMarks.upTo(stream.id, me),
    )
    if (seen.length === 0) return false
    await store.commits.run(() => {
      for (const { stream, upTo: last } of seen) store.readMarks.raise(stream.id, me, last, now())
    })
    if (receipts.isOn && this.#mayTell(account)) await this.#tell(account, conversation)
    return true
  }

  /** Only contacts learn what I read. */
  #mayTell(account: AccountId): boolean {
    if (isPlanted('receipts-to-anyone')) return true
    const contact = this.#deps.contacts.get(account)
    return contact?.state === 'accepted' && contact.offeredKey === null
  }

  async #tell(account: AccountId, conversation: ConversationId): Promise<void> {
    const { delivery, post } = this.#deps
    const body = encodeRead(this.#marks(conversation))
    const last = this.#receipts.get(account)
    if (last !== undefined && (await delivery.outbox.edit(last, body)) === 'edited') return
    try {
      const { localId } = await post(account, { kind: READ_KIND, critical: false, body })
      this.#receipts.set(account, localId)
    } catch (error) {
      // Without room for messages there is none for receipts; the next one says it all.
      if (!(error instanceof ConversationError && error.code === 'outbox-full')) throw error
    }
  }

  /** All that I have read of the conversation: a receipt that is lost on the way to a restored device is made good by the next. */
  #marks(conversation: ConversationId): ReadMark[] {
    const { store, me } = this.#deps
    return this.#theirs(conversation)
      .map(({ id, device, epoch }) => ({ device, epoch, upTo: store.readMarks.upTo(id, me) }))
      .filter(({ upTo }) => upTo > 0)
      .slice(-MAX_READ_STREAMS)
  }

  #seen(conversation: ConversationId, upTo: string | undefined): Seen[] {
    const { store } = this.#deps
    const theirs = this.#theirs(conversation)
    if (upTo === undefined) return theirs.map((stream) => ({ stream, upTo: stream.upTo }))
    const row = store.messages.byLocalId(upTo)
    if (row === undefined || store.streams.conversationOf(row.stream) !== conversation)
      throw new ConversationError('unknown-message', `there is no message ${upTo} in this conversation`)
    return theirs.map((stream) => ({ stream, upTo: this.#lastUpTo(stream, row) }))
  }

  #lastUpTo(stream: StreamRow, row: MessageRow): number {
    return stream.id === row.stream ? row.seq : this.#deps.store.displayOrder.lastBefore(stream, row)
  }

  #theirs(conversation: ConversationId): StreamRow[] {
    const { store, views, me } = this.#deps
    return store.streams
      .ofConversation(conversation)
      .filter((stream) => views.authorOf(stream) !== me && stream.upTo >= stream.base)
  }
}
