// All that was said, as records for other programs: conversation by conversation, each in the order of the screen. A page at a time is
// in memory, however much there is.

import { toBase64url } from '@parley/shared/bytes.ts'
import { directConversationId, messageIdsOf } from '@parley/shared/hashes.ts'
import { type AccountId, MessageId } from '@parley/shared/ids.ts'
import type { ExportRecord } from '@parley/shared/local-api/export.ts'
import { decodeMessage } from '@parley/shared/wire/message.ts'
import type { MessageRow } from '#store/messages-table.ts'
import type { Store } from '#store/store.ts'
import type { StreamRow } from '#store/streams-table.ts'
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

const ROWS_PER_READ = 256

/** The last record says how many messages there were: without it the export is not whole. */
export function* exportRecords(deps: ExportDeps, { account, since = 0 }: ExportOptions): Generator<ExportRecord> {
  const { store, views, identity, now } = deps
  const me = identity.accountId
  yield { type: 'export', version: 1, account: me, name: identity.name, at: now(), ...(since > 0 ? { since } : {}) }
  let count = 0
  const accounts = account === undefined ? store.contacts.all().map((contact) => contact.account) : [account]
  for (const other of accounts) {
    const streams = store.streams.ofConversation(directConversationId(other, me))
    const notes = new NotesBetween(deps, other, since)
    for (const { stream, row } of inOrder(store, streams)) {
      yield* notes.before(row.lamport)
      const message = row.storedAt >= since ? views.line(stream, row) : undefined
      if (message === undefined) continue
      const { device, epoch } = stream
      const messageId = MessageId.parse(toBase64url(messageIdsOf(device, epoch)(row.seq)))
      count += 1
      const { parents } = decodeMessage(row.bytes)
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

interface Placed {
  readonly stream: StreamRow
  readonly row: MessageRow
}

/** As `DisplayOrder`, from the oldest on. */
function* inOrder(store: Store, streams: readonly StreamRow[]): Generator<Placed> {
  const readers = streams.map((stream) => new ForwardsReader(store, stream))
  for (;;) {
    let first: ForwardsReader | undefined
    for (const reader of readers) if (reader.isBefore(first)) first = reader
    const row = first?.take()
    if (first === undefined || row === undefined) return
    yield { stream: first.stream, row }
  }
}

class ForwardsReader {
  readonly stream: StreamRow
  readonly #store: Store
  readonly #messageId: (seq: number) => Uint8Array
  #rows: MessageRow[] = []
  #next: number

  constructor(store: Store, stream: StreamRow) {
    this.stream = stream
    this.#store = store
    this.#messageId = messageIdsOf(stream.device, stream.epoch)
    this.#next = stream.base
    this.#read()
  }

  isBefore(other: ForwardsReader | undefined): boolean {
    const [mine] = this.#rows
    const theirs = other?.head
    if (mine === undefined || other === undefined || theirs === undefined) return mine !== undefined
    if (mine.lamport !== theirs.lamport) return mine.lamport < theirs.lamport
    return Buffer.compare(this.#messageId(mine.seq), other.#messageId(theirs.seq)) < 0
  }

  get head(): MessageRow | undefined {
    return this.#rows[0]
  }

  take(): MessageRow | undefined {
    const row = this.#rows.shift()
    if (this.#rows.length === 0) this.#read()
    return row
  }

  #read(): void {
    const { id, upTo } = this.stream
    // Positions without content are passed over, so a page of them may be empty.
    while (this.#rows.length === 0 && this.#next <= upTo) {
      const last = Math.min(this.#next + ROWS_PER_READ - 1, upTo)
      this.#rows = this.#store.messages.range(id, this.#next, last)
      this.#next = last + 1
    }
  }
}
