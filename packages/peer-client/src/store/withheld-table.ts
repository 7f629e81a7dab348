import type { AccountId } from '@parley/shared/ids.ts'
import type { VoidReason } from '@parley/shared/wire/message.ts'
import type { Statement } from 'better-sqlite3'
import type { Database } from './database.ts'
import type { Range } from './deliveries-table.ts'
import { RareRows } from './rare-rows.ts'

/**
 * Frozen positions of mine that an account gets without their content: they ended before anything was sealed for it, or it refused what
 * was.
 */
export class WithheldTable {
  readonly #rows: RareRows
  readonly #insert: Statement<[number, AccountId, number, VoidReason]>
  readonly #delete: Statement<[number, AccountId, number, number]>
  readonly #inRange: Statement<[number, AccountId, number, number], { seq: number; reason: VoidReason }>

  constructor(database: Database) {
    this.#rows = new RareRows(database, 'withheld')
    this.#insert = database.prepare('INSERT INTO withheld (stream, account, seq, reason) VALUES (?, ?, ?, ?)')
    this.#delete = database.prepare('DELETE FROM withheld WHERE stream = ? AND account = ? AND seq BETWEEN ? AND ?')
    this.#inRange = database.prepare(
      'SELECT seq, reason FROM withheld WHERE stream = ? AND account = ? AND seq BETWEEN ? AND ? ORDER BY seq',
    )
  }

  insert(stream: number, account: AccountId, seq: number, reason: VoidReason): void {
    this.#rows.add()
    this.#insert.run(stream, account, seq, reason)
  }

  /** The account does not take them in that form either. */
  remove(stream: number, account: AccountId, { from, to }: Range): void {
    this.#delete.run(stream, account, from, to)
  }

  /** By position. */
  inRange(stream: number, account: AccountId, { from, to }: Range): ReadonlyMap<number, VoidReason> {
    if (this.#rows.areNone) return NOTHING
    return new Map(this.#inRange.all(stream, account, from, to).map(({ seq, reason }) => [seq, reason]))
  }
}

const NOTHING: ReadonlyMap<number, VoidReason> = new Map()
