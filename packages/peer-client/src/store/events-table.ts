import type { AccountId } from '@parley/shared/ids.ts'
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
    | 'rolled-back'
    | 'new-epoch'
    | 'profile-in-use'
    | 'key-changed'
    | 'key-rotated'
    | 'key-restored'
    | 'key-accepted'
    | 'key-refused'
    | 'ratchet-renewed'
    | 'verified'
    | 'unverified'
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
}

/** What happened, in order, with an id that only rises. One row covers a range of positions, so a bundle costs one. */
export class EventsTable {
  readonly #insert: Statement<unknown[]>
  readonly #after: Statement<[number, number], EventRow>
  readonly #last: Statement<[], { id: number | null }>

  constructor(database: Database) {
    this.#insert = database.prepare(
      'INSERT INTO events (kind, at, stream, from_seq, to_seq, account, detail) VALUES (?, ?, ?, ?, ?, ?, ?)',
    )
    this.#after = database.prepare(
      `SELECT id, kind, at, stream, from_seq AS "from", to_seq AS "to", account, detail FROM events WHERE id > ? ORDER BY id LIMIT ?`,
    )
    this.#last = database.prepare('SELECT max(id) AS id FROM events')
  }

  insert(event: NewEvent): number {
    const { kind, at, stream = null, from = null, to = null, account = null, detail = null } = event
    return Number(this.#insert.run(kind, at, stream, from, to, account, detail).lastInsertRowid)
  }

  after(cursor: number, limit: number): EventRow[] {
    return this.#after.all(cursor, limit)
  }

  /** The cursor that has seen everything up to now. */
  last(): number {
    return this.#last.get()?.id ?? 0
  }
}
