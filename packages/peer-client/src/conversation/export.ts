// All that was said, as records for other programs: conversation by conversation, each in the order of the screen. A page at a time is
// in memory, however much there is.

import { toBase64url } from '@parley/shared/bytes.ts'
import { directConversationId, messageIdsOf } from '@parley/shared/hashes.ts'
import { type AccountId, MessageId } from '@parley/shared/ids.ts'
import type { ExportRecord } from '@parley/shared/local-api/export.ts'
import { decodeStoredMessage } from '@parley/shared/wire/message.ts'
import type { Store } from '#store/store.ts'
import type { Contacts } from './contacts.ts'
import type { MessageViews } from './message-views.ts'
import type { Notes } from './notes.ts'

export interface ExportDeps {
  readonly store: Store
  readonly views: MessageViews
  readonly notes: Notes
  readonly contacts: Pick<Contacts, 'label'>
  readonly identity: { readonly accountId: AccountId; readonly name: string }
  readonly now: () => number
}

export interface ExportOptions {
  /** Only the conversation with this account. */
  readonly account?: AccountId | undefined
  /** Only what this device stored since then, in Unix milliseconds. */
  readonly since?: number | undefined
}

/** The last record says how many messages there were: without it the export is not whole. */
export function* exportRecords(deps: ExportDeps, { account, since = 0 }: ExportOptions): Generator<ExportRecord> {
  const { store, views, identity, now } = deps
  const me = identity.accountId
  yield { type: 'export', version: 1, account: me, name: identity.name, at: now(), ...(since > 0 ? { since } : {}) }
  let count = 0
  const accounts = account === undefined ? store.contacts.all().map((contact) => contact.account) : [account]
  for (const other of accounts) {
    const conversation = directConversationId(other, me)
    const streams = new Map(store.streams.ofConversation(conversation).map((stream) => [stream.id, stream]))
    const notes = new NotesBetween(deps, other, since)
    for (const row of store.displayOrder.forwards(conversation)) {
      const stream = streams.get(row.stream)
      // One that begins while this is being written is not in it.
      if (stream === undefined) continue
      yield* notes.before(row.lamport)
      const message = row.storedAt >= since ? views.line(stream, row) : undefined
      if (message === undefined) continue
      const { device, epoch } = stream
      const messageId = MessageId.parse(toBase64url(messageIdsOf(device, epoch)(row.seq)))
      count += 1
      const { parents } = decodeStoredMessage(row.bytes)
      const place = { device, epoch, seq: row.seq, messageId }
      yield { type: 'message', ...message, ...place, ...(parents.length === 0 ? {} : { parents }) }
    }
    yield* notes.before()
  }
  yield { type: 'end', messages: count }
}

/** The notes of one conversation, as far as the messages have come. */
class NotesBetween {
  readonly #deps: ExportDeps
  readonly #account: AccountId
  readonly #since: number
  #from = 0

  constructor(deps: ExportDeps, account: AccountId, since: number) {
    this.#deps = deps
    this.#account = account
    this.#since = since
  }

  /** Those that were not given yet and stand before a message of this value. */
  *before(to?: number): Generator<ExportRecord> {
    const { notes, contacts } = this.#deps
    if (to !== undefined && to <= this.#from) return
    const whose = { account: this.#account, with: contacts.label(this.#account).name }
    for (const note of notes.between(this.#account, { from: this.#from, to }))
      if (note.at >= this.#since) yield { type: 'note', ...whose, ...note }
    this.#from = to ?? this.#from
  }
}
