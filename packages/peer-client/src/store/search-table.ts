import { MAX_SEQ } from '@parley/shared/limits.ts'
import { decodeStoredMessage } from '@parley/shared/wire/message.ts'
import { EDIT_KIND, readRevision, TEXT_KIND } from '@parley/shared/wire/message-body.ts'
import type { Statement } from 'better-sqlite3'
import type { Database } from './database.ts'
import type { MessagesTable } from './messages-table.ts'
import type { Place } from './reissues-table.ts'
import { indexTextOf } from './search-words.ts'

/** What there is to find at a position. */
export interface Shown {
  readonly seq: number
  /** Unix milliseconds: the day by which it is found. */
  readonly at: number
  /**
   * Whose text it is: the position's own, if it has one; that of an edit; or none, although the position holds a text (it was
   * deleted, or is shown elsewhere).
   */
  readonly text: 'own' | 'none' | Place
}

export interface EntryRange {
  readonly from: number
  readonly to: number
}

const DAY_MS = 86_400_000
const POSITION = '((? << 32) | ?)'
const PLACE = `position >> 32 AS stream, position & ${MAX_SEQ} AS seq`

/**
 * The index of all words. It holds no text: an entry is a number, given in the order in which positions were indexed, and runs
 * say which positions entries stand for. Every position of a stream up to `indexedTo` has an entry, with words or without. Words
 * are taken out again by the text that put them in, so what is shown at such a position changes only after `changing`.
 */
export class SearchTable {
  readonly #messages: Pick<MessagesTable, 'bytesAt'>
  readonly #runAt: Statement<[number, number, number], { entry: number; seq: number; length: number }>
  readonly #runOf: Statement<[number], Place & { entry: number; length: number }>
  readonly #insertRun: Statement<[number, number, number, number]>
  readonly #lengthen: Statement<[number, number]>
  readonly #put: Statement<[number, string, string]>
  readonly #take: Statement<[number, string, string]>
  readonly #change: Statement<[number, number], { textAt: number | null; isDue: number }>
  readonly #setChange: Statement<[number, number, number | null, number | null, number]>
  readonly #removeChange: Statement<[number, number]>
  readonly #due: Statement<[number], Place>
  readonly #countDue: Statement<[], { n: number }>
  readonly #addDay: Statement<[number, number, number]>
  readonly #days: Statement<[number, number], { first: number | null; last: number | null }>

  constructor(database: Database, messages: Pick<MessagesTable, 'bytesAt'>) {
    this.#messages = messages
    this.#runAt = database.prepare(
      `SELECT entry, position & ${MAX_SEQ} AS seq, length FROM search_runs WHERE position BETWEEN (? << 32) AND ${POSITION}
       ORDER BY position DESC LIMIT 1`,
    )
    this.#runOf = database.prepare(
      `SELECT entry, length, ${PLACE} FROM search_runs WHERE entry <= ? ORDER BY entry DESC LIMIT 1`,
    )
    this.#insertRun = database.prepare(`INSERT INTO search_runs (entry, position, length) VALUES (?, ${POSITION}, ?)`)
    this.#lengthen = database.prepare('UPDATE search_runs SET length = length + ? WHERE entry = ?')
    this.#put = database.prepare('INSERT INTO message_words (rowid, text, stream) VALUES (?, ?, ?)')
    this.#take = database.prepare(
      "INSERT INTO message_words (message_words, rowid, text, stream) VALUES ('delete', ?, ?, ?)",
    )
    this.#change = database.prepare(
      `SELECT text_at AS textAt, is_due AS isDue FROM search_changes WHERE position = ${POSITION}`,
    )
    this.#setChange = database.prepare(
      `INSERT OR REPLACE INTO search_changes (position, text_at, is_due) VALUES (${POSITION}, ${POSITION}, ?)`,
    )
    this.#removeChange = database.prepare(`DELETE FROM search_changes WHERE position = ${POSITION}`)
    this.#due = database.prepare(`SELECT ${PLACE} FROM search_changes WHERE is_due = 1 LIMIT ?`)
    this.#countDue = database.prepare('SELECT count(*) AS n FROM search_changes WHERE is_due = 1')
    this.#addDay = database.prepare(
      `INSERT INTO search_days (day, first, last) VALUES (?, ?, ?)
       ON CONFLICT (day) DO UPDATE SET first = min(first, excluded.first), last = max(last, excluded.last)`,
    )
    this.#days = database.prepare(
      'SELECT min(first) AS first, max(last) AS last FROM search_days WHERE day BETWEEN ? AND ?',
    )
  }

  /** The last position of the stream that has an entry; one below `base` when none has. */
  indexedTo({ id, base }: { readonly id: number; readonly base: number }): number {
    const run = this.#runAt.get(id, id, MAX_SEQ)
    return run === undefined ? base - 1 : run.seq + run.length - 1
  }

  /** Inside a transaction: the positions that follow the last one with an entry, and what is shown there, in order. */
  append(stream: number, from: number, to: number, shown: readonly Shown[]): void {
    const first = this.#lengthenOrBegin(stream, from, to - from + 1)
    const days = new Map<number, EntryRange>()
    for (const one of shown) {
      const entry = first + one.seq - from
      this.#putText(entry, stream, one)
      if (one.text === 'none') continue
      const day = Math.floor(one.at / DAY_MS)
      days.set(day, { from: days.get(day)?.from ?? entry, to: entry })
    }
    for (const [day, range] of days) this.#addDay.run(day, range.from, range.to)
  }

  /** Inside a transaction, before what is shown at the position changes: it is found no more until `putAgain`. */
  changing({ stream, seq }: Place): void {
    const run = this.#runAt.get(stream, stream, seq)
    if (run === undefined || seq >= run.seq + run.length) return
    const change = this.#change.get(stream, seq)
    if (change?.isDue === 1) return
    const words = indexTextOf(this.#indexedText({ stream, seq }, change) ?? '')
    if (words !== '') this.#take.run(run.entry + seq - run.seq, words, String(stream))
    this.#setChange.run(stream, seq, null, null, 1)
  }

  /** Positions that wait for `putAgain`. */
  due(limit: number): Place[] {
    return this.#due.all(limit)
  }

  countDue(): number {
    return this.#countDue.get()?.n ?? 0
  }

  /** Inside a transaction: what is shown at a position that was changing. Undefined: it has no content. */
  putAgain({ stream, seq }: Place, shown: Shown | undefined): void {
    const run = this.#runAt.get(stream, stream, seq)
    this.#removeChange.run(stream, seq)
    if (run === undefined || shown === undefined) return
    const entry = run.entry + seq - run.seq
    this.#putText(entry, stream, shown)
    if (shown.text !== 'none') this.#addDay.run(Math.floor(shown.at / DAY_MS), entry, entry)
  }

  /** Entries among which all messages of these days are, and others perhaps. Undefined when there are none. */
  entriesOfDays(fromMs: number, toMs: number): EntryRange | undefined {
    const found = this.#days.get(Math.floor(fromMs / DAY_MS), Math.floor(toMs / DAY_MS))
    return found?.first == null || found.last === null ? undefined : { from: found.first, to: found.last }
  }

  placeOf(entry: number): Place | undefined {
    const run = this.#runOf.get(entry)
    if (run === undefined || entry >= run.entry + run.length) return undefined
    return { stream: run.stream, seq: run.seq + entry - run.entry }
  }

  #lengthenOrBegin(stream: number, from: number, length: number): number {
    const last = this.#runOf.get(Number.MAX_SAFE_INTEGER)
    const next = last === undefined ? 1 : last.entry + last.length
    if (last?.stream === stream && last.seq + last.length === from) this.#lengthen.run(length, last.entry)
    else this.#insertRun.run(next, stream, from, length)
    return next
  }

  #putText(entry: number, stream: number, { seq, text }: Shown): void {
    const place = { stream, seq }
    if (text === 'none') return void this.#setChange.run(stream, seq, null, null, 0)
    if (text !== 'own') this.#setChange.run(stream, seq, text.stream, text.seq, 0)
    const words = indexTextOf(this.#textAt(text === 'own' ? place : text) ?? '')
    if (words !== '') this.#put.run(entry, words, String(stream))
  }

  /** Of a position that is not due. */
  #indexedText(place: Place, change: { readonly textAt: number | null } | undefined): string | undefined {
    if (change === undefined) return this.#textAt(place)
    if (change.textAt === null) return undefined
    return this.#textAt({ stream: Math.floor(change.textAt / (MAX_SEQ + 1)), seq: change.textAt % (MAX_SEQ + 1) })
  }

  #textAt({ stream, seq }: Place): string | undefined {
    const bytes = this.#messages.bytesAt(stream, seq)
    if (bytes === undefined) return undefined
    const { kind, body } = decodeStoredMessage(bytes)
    if (kind === TEXT_KIND) return Buffer.from(body).toString('utf8')
    return kind === EDIT_KIND ? readRevision(kind, body)?.text : undefined
  }
}
