import { directConversationId } from '@parley/shared/hashes.ts'
import type { AccountId, ConversationId, DeviceKey } from '@parley/shared/ids.ts'
import type { MessageView } from '@parley/shared/local-api/messages.ts'
import { decodeMessage } from '@parley/shared/wire/message.ts'
import type { MessageRow } from '#store/messages-table.ts'
import type { Store } from '#store/store.ts'
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
    const account = this.partnerOf(row.conversation)
    const isMine = this.#store.streams.byId(row.stream)?.device === this.#me.device
    const view: MessageView = {
      id: row.localId,
      account,
      with: this.#contacts.label(account).name,
      direction: isMine ? 'out' : 'in',
      kind: row.kind,
      text: row.kind === TEXT_KIND ? Buffer.from(decodeMessage(row.bytes).body).toString('utf8') : '',
      sentAt: row.sentAt,
      storedAt: row.storedAt,
      lamport: row.lamport,
    }
    const delivery = isMine
      ? this.#store.deliveries.ofMessage(row.stream, row.seq).find((one) => one.account === account)
      : undefined
    if (delivery === undefined) return view
    const { state, at, hold, reason } = delivery
    return { ...view, state, stateAt: at, ...(hold === null ? {} : { hold }), ...(reason === null ? {} : { reason }) }
  }

  byId(localId: string): MessageView | undefined {
    const row = this.#store.messages.byLocalId(localId)
    return row === undefined ? undefined : this.view(row)
  }

  /** The visible ones of a range of positions, in order. */
  rows(stream: number, from: number, to: number): { row: MessageRow; view: MessageView }[] {
    return this.#store.messages
      .range(stream, from, to)
      .filter(({ standing }) => standing === 'shown')
      .map((row) => ({ row, view: this.view(row) }))
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
