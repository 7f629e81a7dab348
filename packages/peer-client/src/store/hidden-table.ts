import type { Statement } from 'better-sqlite3'
import type { Database } from './database.ts'
import { RareRows } from './rare-rows.ts'

/** Positions that are kept and not shown: what they say is shown at another position, or the user wants to see it no more. */
export class HiddenTable {
  readonly #rows: RareRows
  readonly #insert: Statement<[number, number]>
  readonly #find: Statement<[number, number], { stream: number }>

  constructor(database: Database) {
    this.#rows = new RareRows(database, 'hidden')
    this.#insert = database.prepare('INSERT OR IGNORE INTO hidden (stream, seq) VALUES (?, ?)')
    this.#find = database.prepare('SELECT stream FROM hidden WHERE stream = ? AND seq = ?')
  }

  insert(stream: number, seq: number): void {
    this.#rows.add()
    this.#insert.run(stream, seq)
  }

  has(stream: number, seq: number): boolean {
    return !this.#rows.areNone && this.#find.get(stream, seq) !== undefined
  }
}
