// The index of words is built behind the messages: what is accepted or placed costs nothing more, and a moment later, when it is
// quiet, its words are found. How far it came is what the index itself holds, so it goes on from there after any end, and over a
// history that was there before it. Searches wait for what is not indexed yet, as long as it is little.
import type { Clock } from '@parley/shared/clock.ts'
import {
  INDEX_DELAY_MS,
  INDEX_QUIET_MS,
  MAX_INDEXED_BEFORE_SEARCH,
  MAX_INDEXED_PER_COMMIT,
} from '@parley/shared/limits.ts'
import { decodeStoredMessage } from '@parley/shared/wire/message.ts'
import { EDIT_KIND, TEXT_KIND } from '@parley/shared/wire/message-body.ts'
import type { DeliveryLog } from '#delivery/ports.ts'
import type { MessageRow, MessagesTable } from '#store/messages-table.ts'
import type { Shown } from '#store/search-table.ts'
import type { Store } from '#store/store.ts'
import type { StreamRow } from '#store/streams-table.ts'
import type { MessageViews } from './message-views.ts'
import type { Revisions } from './revisions.ts'

export interface IndexingDeps {
  readonly store: Store
  readonly views: Pick<MessageViews, 'authorOf'>
  readonly revisions: Pick<Revisions, 'of'>
  readonly clock: Pick<Clock, 'after' | 'elapsedMs'>
  readonly log: Pick<DeliveryLog, 'info' | 'error'>
}

/** A history as long as this is worth a line in the log. */
const LONG_HISTORY = 10_000
const ROWS_PER_READ = 64

export class Indexing {
  readonly #deps: IndexingDeps
  #cancel: (() => void) | undefined
  #lastWake = Number.NEGATIVE_INFINITY
  #waitingSince: number | undefined
  #isStopped = false
  #working: Promise<unknown> = Promise.resolve()

  constructor(deps: IndexingDeps) {
    this.#deps = deps
  }

  /** Begins with what an earlier run, or a version without an index, left. */
  start(): void {
    const waiting = this.countWaiting()
    if (waiting >= LONG_HISTORY)
      this.#deps.log.info({ messages: waiting }, 'messages are indexed for search, at leisure')
    if (waiting > 0) this.wake()
  }

  /** Something may be to be indexed: soon. */
  wake(): void {
    this.#lastWake = this.#deps.clock.elapsedMs()
    this.#waitingSince ??= this.#lastWake
    if (!this.#isStopped) this.#cancel ??= this.#deps.clock.after(INDEX_QUIET_MS, () => this.#look())
  }

  /** Resolves when what is written now is written. Twice is safe. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#cancel?.()
    await this.#working
  }

  /** Positions that are not indexed yet, or not any more. */
  countWaiting(): number {
    const { search, streams } = this.#deps.store
    return streams.all().reduce((sum, stream) => sum + stream.upTo - search.indexedTo(stream), search.countDue())
  }

  /** Resolves when all that waits is indexed, or with how much that is when it is too much to wait for. */
  async settle(): Promise<number> {
    for (let waiting = this.countWaiting(); waiting > 0; waiting = this.countWaiting()) {
      if (waiting > MAX_INDEXED_BEFORE_SEARCH || this.#isStopped) return waiting
      await this.#commit()
    }
    return 0
  }

  /** Inside a transaction: indexes up to so many positions, and says whether that was all. */
  advance(most = MAX_INDEXED_PER_COMMIT): 'all' | 'more' {
    const { search, messages } = this.#deps.store
    let left = most
    for (const place of search.due(left)) {
      const row = messages.at(place.stream, place.seq)
      const stream = row && this.#deps.store.streams.byId(row.stream)
      search.putAgain(place, stream && this.#shown(stream, row))
      left -= 1
    }
    const readers = this.#readers()
    // In the order of storing, over all streams: that is the order of what is found.
    for (let next = oldest(readers); next !== undefined && left > 0; next = oldest(readers)) {
      const { stream, from } = next
      const rows = next.take(left, oldest(readers.filter((one) => one !== next))?.storedAt)
      const last = rows.at(-1)?.seq ?? from
      search.append(
        stream.id,
        from,
        last,
        rows.map((row) => this.#shown(stream, row)),
      )
      left -= last - from + 1
    }
    return left > 0 ? 'all' : 'more'
  }

  /** It is quiet, or has been loud for long enough. */
  #look(): void {
    this.#cancel = undefined
    const now = this.#deps.clock.elapsedMs()
    const isQuiet = now - this.#lastWake >= INDEX_QUIET_MS
    const isLate = now - (this.#waitingSince ?? now) >= INDEX_DELAY_MS
    if (isQuiet || isLate) this.#work(isQuiet)
    else this.#lookAfter(INDEX_QUIET_MS)
  }

  #work(isQuiet: boolean): void {
    const { log } = this.#deps
    this.#commit()
      .then((outcome) => {
        if (outcome === 'more') this.#lookAfter(isQuiet ? 1 : INDEX_QUIET_MS)
        else this.#waitingSince = undefined
      })
      .catch((error: unknown) => log.error({ err: error }, 'messages could not be indexed for search'))
  }

  #lookAfter(ms: number): void {
    if (!this.#isStopped) this.#cancel ??= this.#deps.clock.after(ms, () => this.#look())
  }

  #commit(): Promise<'all' | 'more'> {
    const done = this.#deps.store.commits.run(() => this.advance())
    this.#working = done.catch(() => undefined)
    return done
  }

  #readers(): UnindexedReader[] {
    const { search, streams, messages } = this.#deps.store
    return streams.all().flatMap((stream) => {
      const from = search.indexedTo(stream) + 1
      return from > stream.upTo ? [] : [new UnindexedReader(messages, stream, from)]
    })
  }

  #shown(stream: StreamRow, row: MessageRow): Shown {
    const { store, revisions, views } = this.#deps
    const { seq, storedAt: stored, bytes } = row
    const { kind, sentAt } = decodeStoredMessage(bytes)
    const shown = { seq, at: foundAt({ sentAt, storedAt: stored }) }
    if (kind !== TEXT_KIND) return { ...shown, text: kind === EDIT_KIND ? 'none' : 'own' }
    if (store.hidden.has(stream.id, seq)) return { ...shown, text: 'none' }
    const revision = revisions.of(views.authorOf(stream), stream, seq)
    if (revision === undefined) return { ...shown, text: 'own' }
    return { ...shown, text: revision.kind === 'delete' ? 'none' : { stream: revision.stream, seq: revision.seq } }
  }
}

/** A message is found by when its author wrote it; nobody wrote it after it was stored, whatever the author's clock says. */
export function foundAt({ sentAt, storedAt: stored }: { readonly sentAt: number; readonly storedAt: number }): number {
  return Math.min(sentAt, stored)
}

/** What of a stream is to be indexed, from its oldest message on. */
class UnindexedReader {
  readonly stream: StreamRow
  readonly #messages: Pick<MessagesTable, 'at' | 'range'>
  #from: number
  /** Of the position `from`; a position without content comes at once. */
  #storedAt: number
  #rows: MessageRow[] = []

  constructor(messages: Pick<MessagesTable, 'at' | 'range'>, stream: StreamRow, from: number) {
    this.#messages = messages
    this.stream = stream
    this.#from = from
    this.#storedAt = messages.at(stream.id, from)?.storedAt ?? 0
  }

  get from(): number {
    return this.#from
  }

  get storedAt(): number {
    return this.#storedAt
  }

  get isAtEnd(): boolean {
    return this.#from > this.stream.upTo
  }

  /** The next messages, at most so many positions, and none but the first that was stored after `limit`. */
  take(most: number, limit = Number.POSITIVE_INFINITY): MessageRow[] {
    if (this.#rows.length === 0) this.#read()
    const end = this.#from + most
    const stop = this.#rows.findIndex(({ seq, storedAt }, at) => seq >= end || (at > 0 && storedAt > limit))
    const taken = this.#rows.splice(0, stop === -1 ? this.#rows.length : stop)
    this.#from = (taken.at(-1)?.seq ?? this.#from) + 1
    this.#storedAt = (this.#rows[0] ?? this.#messages.at(this.stream.id, this.#from))?.storedAt ?? 0
    return taken
  }

  #read(): void {
    const { id, upTo } = this.stream
    this.#rows = this.#messages.range(id, this.#from, Math.min(upTo, this.#from + ROWS_PER_READ - 1))
  }
}

function oldest(readers: readonly UnindexedReader[]): UnindexedReader | undefined {
  let first: UnindexedReader | undefined
  for (const reader of readers)
    if (!reader.isAtEnd && (first === undefined || reader.storedAt < first.storedAt)) first = reader
  return first
}
