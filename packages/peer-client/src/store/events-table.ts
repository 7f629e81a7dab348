import type { AccountId } from '@parley/shared/ids.ts'
import { NoteKind } from '@parley/shared/local-api/notes.ts'
import type { Statement } from 'better-sqlite3'
import type { Database } from './database.ts'

export interface NewEvent {
  readonly kind:
    | 'received'
    | 'delivered'
    | 'read'
    | 'queued'
    | 'cancelled'
    | 'edited'
    | 'refused'
    | 'fork'
    | 'expired'
    | NoteKind
  readonly at: number
  readonly stream?: number | undefined
  readonly from?: number | undefined
  readonly to?: number | undefined
  readonly account?: AccountId | undefined
  readonly detail?: string | undefined
}

export interface EventRow {
  readonly id: number
  readonly kind: NewEvent['kind']
  readonly at: number
  readonly stream: number | null
  readonly from: number | null
  readonly to: number | null
  readonly account: AccountId | null
  readonly detail: string | null
  /** Of notes alone. */
  readonly lamport: number | null
}

/** What happened to the conversation with an account. */
export interface NoteRow {
  readonly kind: NoteKind
  readonly at: number
  /** What this device's Lamport clock had reached. */
  readonly lamport: number
}

const NOTE_KINDS: ReadonlySet<string> = new Set(NoteKind.options)

/** What happened, in order, with an id that only rises. One row covers a range of positions, so a bundle costs one. */
export class EventsTable {
  readonly #insert: Statement<unknown[]>
  readonly #insertNote: Statement<unknown[]>
  readonly #notes: Statement<[AccountId, number, number, number], NoteRow>
  readonly #newestNote: Statement<[AccountId, NoteKind], NoteRow>
  readonly #after: Statement<[number, number], EventRow>
  readonly #last: Statement<[], { id: number | null }>

  constructor(database: Database) {
    this.#insert = database.prepare(
      'INSERT INTO events (kind, at, stream, from_seq, to_seq, account, detail) VALUES (?, ?, ?, ?, ?, ?, ?)',
    )
    this.#insertNote = database.prepare(
      `INSERT INTO events (kind, at, stream, from_seq, to_seq, account, detail, lamport)
       VALUES (?, ?, ?, ?, ?, ?, ?, coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'lamport'), 0))`,
    )
    this.#notes = database.prepare(
      'SELECT kind, at, lamport FROM events WHERE account = ? AND lamport BETWEEN ? AND ? ORDER BY lamport DESC, id DESC LIMIT ?',
    )
    this.#newestNote = database.prepare(
      `SELECT kind, at, lamport FROM events WHERE account = ? AND lamport IS NOT NULL AND kind = ?
       ORDER BY lamport DESC, id DESC LIMIT 1`,
    )
    this.#after = database.prepare(
      `SELECT id, kind, at, stream, from_seq AS "from", to_seq AS "to", account, detail, lamport FROM events WHERE id > ? ORDER BY id LIMIT ?`,
    )
    this.#last = database.prepare('SELECT max(id) AS id FROM events')
  }

  insert(event: NewEvent): number {
    const { kind, at, stream = null, from = null, to = null, account = null, detail = null } = event
    const isNote = account !== null && NOTE_KINDS.has(kind)
    const statement = isNote ? this.#insertNote : this.#insert
    return Number(statement.run(kind, at, stream, from, to, account, detail).lastInsertRowid)
  }

  /** Newest first: those of the account whose Lamport value lies within both. */
  notes(account: AccountId, from: number, to: number, limit: number): NoteRow[] {
    return this.#notes.all(account, from, to, limit)
  }

  newestNote(account: AccountId, kind: NoteKind): NoteRow | undefined {
    return this.#newestNote.get(account, kind)
  }

  after(cursor: number, limit: number): EventRow[] {
    return this.#after.all(cursor, limit)
  }

  /** The cursor that has seen everything up to now. */
  last(): number {
    return this.#last.get()?.id ?? 0
  }
}
