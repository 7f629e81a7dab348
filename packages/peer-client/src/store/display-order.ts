// The order on the screen: by Lamport value, then by message id, the same for everybody who holds the same messages. Lamport
// values rise along each stream, so the streams of a conversation are merged, and nothing is sorted or kept for it.
import { messageIdsOf } from '@parley/shared/hashes.ts'
import type { ConversationId } from '@parley/shared/ids.ts'
import { isPlanted } from '@parley/shared/planted-faults.ts'
import type { HiddenTable } from './hidden-table.ts'
import type { MessageRow, MessagesTable } from './messages-table.ts'
import type { QuietTable } from './quiet-table.ts'
import type { StreamRow, StreamsTable } from './streams-table.ts'

/** Of each stream so many are read at a time. */
const READ_AT_A_TIME = 64

interface Tables {
  readonly streams: StreamsTable
  readonly messages: MessagesTable
  readonly hidden: HiddenTable
  readonly quiet: QuietTable
}

export class DisplayOrder {
  readonly #tables: Tables
  readonly #streams: StreamsTable
  readonly #messages: MessagesTable
  readonly #hidden: HiddenTable

  constructor(tables: Tables) {
    this.#tables = tables
    this.#streams = tables.streams
    this.#messages = tables.messages
    this.#hidden = tables.hidden
  }

  /** Newest first, from before the position `before`; without the hidden and those that wait for their predecessors, and
   * without most that are no lines. */
  *backwards(conversation: ConversationId, before?: { stream: number; seq: number }): Generator<MessageRow> {
    const streams = this.#streams.ofConversation(conversation)
    const limit = before && this.#placeOf(streams, before)
    const readers = streams.map((stream) => new BackwardsReader(this.#tables, stream, this.#lastBefore(stream, limit)))
    while (true) {
      let latest: BackwardsReader | undefined
      for (const reader of readers) if (reader.isAfter(latest)) latest = reader
      const row = latest?.take()
      if (row === undefined) return
      if (!this.#hidden.has(row.stream, row.seq)) yield row
    }
  }

  /**
   * Oldest first, from the beginning or from behind the position `after`, nothing when that is not there; without the hidden and those
   * that wait for their predecessors.
   */
  *forwards(conversation: ConversationId, after?: { stream: number; seq: number }): Generator<MessageRow> {
    const streams = this.#streams.ofConversation(conversation)
    const limit = after && this.#placeOf(streams, after)
    if (after !== undefined && limit === undefined) return
    const readers = streams.map((stream) => {
      const first = limit === undefined ? stream.base : this.#lastBefore(stream, limit) + 1
      return new ForwardsReader(this.#tables, stream, stream.id === after?.stream ? first + 1 : first)
    })
    while (true) {
      let first: ForwardsReader | undefined
      for (const reader of readers) if (reader.isBefore(first)) first = reader
      const row = first?.take()
      if (row === undefined) return
      if (!this.#hidden.has(row.stream, row.seq)) yield row
    }
  }

  /** The last position of the stream that stands before the message; one below its base when none does. */
  lastBefore(stream: StreamRow, message: { stream: number; seq: number }): number {
    const of = this.#streams.byId(message.stream)
    return this.#lastBefore(stream, of && this.#placeOf([of], message))
  }

  #placeOf(streams: readonly StreamRow[], { stream: id, seq }: { stream: number; seq: number }): Place | undefined {
    const stream = streams.find((one) => one.id === id)
    const lamport = this.#messages.lamportAt(id, seq)
    if (stream === undefined || lamport === undefined) return undefined
    return { lamport, messageId: messageIdsOf(stream.device, stream.epoch)(seq) }
  }

  /** The last position of the stream that stands before `limit`: found by halves, as they rise. */
  #lastBefore(stream: StreamRow, limit: Place | undefined): number {
    if (limit === undefined) return stream.upTo
    const messageId = messageIdsOf(stream.device, stream.epoch)
    let [low, high] = [stream.base - 1, stream.upTo]
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      const lamport = this.#messages.lamportUpTo(stream.id, middle) ?? 0
      const isBefore = compare({ lamport, messageId: messageId(middle) }, limit) < 0
      if (isBefore) low = middle
      else high = middle - 1
    }
    return low
  }
}

interface Place {
  readonly lamport: number
  readonly messageId: Uint8Array
}

function compare(a: Place, b: Place): number {
  return a.lamport - b.lamport || Buffer.compare(a.messageId, b.messageId)
}

class BackwardsReader {
  readonly #tables: Tables
  readonly #stream: StreamRow
  readonly #messageId: (seq: number) => Uint8Array
  #rows: MessageRow[] = []
  #at = 0
  /** Of the row that `take` gives next. */
  place: Place | undefined
  /** Below what was read. */
  #next: number

  constructor(tables: Tables, stream: StreamRow, last: number) {
    this.#tables = tables
    this.#stream = stream
    this.#messageId = messageIdsOf(stream.device, stream.epoch)
    this.#next = last
    this.#read()
    this.place = this.#place()
  }

  isAfter(other: BackwardsReader | undefined): boolean {
    return this.place !== undefined && (other?.place === undefined || compare(this.place, other.place) > 0)
  }

  take(): MessageRow | undefined {
    const row = this.#rows[this.#at]
    this.#at += 1
    if (this.#at >= this.#rows.length) this.#read()
    this.place = this.#place()
    return row
  }

  #place(): Place | undefined {
    const row = this.#rows[this.#at]
    const lamport = isPlanted('order-by-wall-clock') ? row?.storedAt : row?.lamport
    return row && lamport !== undefined ? { lamport, messageId: this.#messageId(row.seq) } : undefined
  }

  #read(): void {
    const { id, base } = this.#stream
    const { messages, quiet } = this.#tables
    const last = (quiet.at(id, this.#next)?.from ?? this.#next + 1) - 1
    this.#rows = last < base ? [] : messages.backwards(id, base, last, READ_AT_A_TIME)
    this.#at = 0
    this.#next = (this.#rows.at(-1)?.seq ?? base) - 1
  }
}

class ForwardsReader {
  readonly #tables: Tables
  readonly #stream: StreamRow
  readonly #messageId: (seq: number) => Uint8Array
  #rows: MessageRow[] = []
  #at = 0
  /** Of the row that `take` gives next. */
  place: Place | undefined
  /** Above what was read. */
  #next: number

  constructor(tables: Tables, stream: StreamRow, first: number) {
    this.#tables = tables
    this.#stream = stream
    this.#messageId = messageIdsOf(stream.device, stream.epoch)
    this.#next = first
    this.#read()
    this.place = this.#place()
  }

  isBefore(other: ForwardsReader | undefined): boolean {
    return this.place !== undefined && (other?.place === undefined || compare(this.place, other.place) < 0)
  }

  take(): MessageRow | undefined {
    const row = this.#rows[this.#at]
    this.#at += 1
    if (this.#at >= this.#rows.length) this.#read()
    this.place = this.#place()
    return row
  }

  #place(): Place | undefined {
    const row = this.#rows[this.#at]
    return row && { lamport: row.lamport, messageId: this.#messageId(row.seq) }
  }

  /** Positions without content are passed over, so a page of them may be empty. */
  #read(): void {
    const { id, upTo } = this.#stream
    const { messages, quiet } = this.#tables
    this.#rows = []
    this.#at = 0
    while (this.#rows.length === 0 && this.#next <= upTo) {
      const first = (quiet.at(id, this.#next)?.to ?? this.#next - 1) + 1
      const last = Math.min(first + READ_AT_A_TIME - 1, upTo)
      if (first <= last) this.#rows = messages.range(id, first, last)
      this.#next = last + 1
    }
  }
}
