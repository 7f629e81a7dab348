import { directConversationId } from '@parley/shared/hashes.ts'
import type { AccountId, ConversationId, DeviceKey } from '@parley/shared/ids.ts'
import type { MessageView } from '@parley/shared/local-api/messages.ts'
import { decodeMessage, type Message, VOID_KIND } from '@parley/shared/wire/message.ts'
import { localIdOf } from '#store/local-ids.ts'
import type { MessageRow } from '#store/messages-table.ts'
import type { Store } from '#store/store.ts'
import type { StreamRow } from '#store/streams-table.ts'
import type { Contacts } from './contacts.ts'

export const TEXT_KIND = 'text'

interface Me {
  readonly account: AccountId
  readonly device: DeviceKey
}

/** Turns stored messages into what people and programs see. */
export class MessageViews {
  readonly #store: Store
  readonly #contacts: Contacts
  readonly #me: Me
  readonly #partners = new Map<ConversationId, AccountId>()

  constructor(store: Store, contacts: Contacts, me: Me) {
    this.#store = store
    this.#contacts = contacts
    this.#me = me
  }

  view(row: MessageRow): MessageView {
    const stream = this.#store.streams.byId(row.stream)
    if (stream === undefined) throw new Error(`message ${row.seq} belongs to no stream`)
    return this.#viewIn(stream, row, decodeMessage(row.bytes))
  }

  byId(localId: string): MessageView | undefined {
    const row = this.#store.messages.byLocalId(localId)
    return row === undefined ? undefined : this.view(row)
  }

  /** The visible ones of a range of positions, in order. */
  rows(stream: number, from: number, to: number): { row: MessageRow; view: MessageView }[] {
    const of = this.#store.streams.byId(stream)
    if (of === undefined) return []
    const shown: { row: MessageRow; view: MessageView }[] = []
    for (const row of this.#store.messages.range(stream, from, Math.min(to, of.upTo))) {
      const message = decodeMessage(row.bytes)
      if (message.kind !== VOID_KIND) shown.push({ row, view: this.#viewIn(of, row, message) })
    }
    return shown
  }

  /** The last `limit` visible ones of a conversation before the position `before`, newest first. */
  page(conversation: ConversationId, limit: number, before?: { stream: number; seq: number }): MessageView[] {
    const views: MessageView[] = []
    if (limit === 0) return views
    for (const row of this.#store.displayOrder.backwards(conversation, before)) {
      if (decodeMessage(row.bytes).kind === VOID_KIND) continue
      views.push(this.view(row))
      if (views.length === limit) break
    }
    return views
  }

  #viewIn(stream: StreamRow, row: MessageRow, { kind, body, sentAt }: Message): MessageView {
    const account = this.partnerOf(stream.conversation)
    const isMine = stream.device === this.#me.device
    const { storedAt, lamport } = row
    const view: MessageView = {
      id: localIdOf(stream.tag, row.seq),
      account,
      with: this.#contacts.label(account).name,
      direction: isMine ? 'out' : 'in',
      kind,
      text: kind === TEXT_KIND ? Buffer.from(body).toString('utf8') : '',
      sentAt,
      storedAt,
      lamport,
    }
    const delivery = isMine ? this.#store.deliveries.find(row.stream, row.seq, account) : undefined
    if (delivery === undefined) return view
    const { state, at, hold, reason } = delivery
    return {
      ...view,
      state,
      stateAt: state === 'queued' ? storedAt : at,
      ...(hold === null ? {} : { hold }),
      ...(reason === null ? {} : { reason }),
    }
  }

  partnerOf(conversation: ConversationId): AccountId {
    let account = this.#partners.get(conversation)
    if (account === undefined) {
      for (const contact of this.#store.contacts.all()) {
        this.#partners.set(directConversationId(contact.account, this.#me.account), contact.account)
      }
      account = this.#partners.get(conversation)
    }
    if (account === undefined) throw new Error(`conversation ${conversation} belongs to no contact`)
    return account
  }
}
