import type { Statement } from 'better-sqlite3'
import type { Database } from './database.ts'
import { RareRows } from './rare-rows.ts'

/** Positions of a stream that follow one another. */
export interface Run {
  readonly from: number
  readonly to: number
}

/**
 * Positions of others that are no lines of a conversation, as runs: whoever looks for lines passes over them at once, however many
 * somebody sends. A version that shows more kinds of messages than this one begins with an empty table.
 */
export class QuietTable {
  readonly #rows: RareRows
  readonly #runFrom: Statement<[number, number], Run>
  readonly #insert: Statement<[number, number, number]>
  readonly #remove: Statement<[number, number]>

  constructor(database: Database) {
    this.#rows = new RareRows(database, 'quiet')
    this.#runFrom = database.prepare(
      'SELECT from_seq AS "from", to_seq AS "to" FROM quiet WHERE stream = ? AND to_seq >= ? ORDER BY to_seq LIMIT 1',
    )
    this.#insert = database.prepare('INSERT OR REPLACE INTO quiet (stream, from_seq, to_seq) VALUES (?, ?, ?)')
    this.#remove = database.prepare('DELETE FROM quiet WHERE stream = ? AND to_seq = ?')
  }

  /** Inside a transaction, of positions that follow all of those that were added to the stream before. */
  add(stream: number, { from, to }: Run): void {
    this.#rows.add()
    const before = this.at(stream, from - 1)
    if (before !== undefined) this.#remove.run(stream, before.to)
    this.#insert.run(stream, before?.from ?? from, to)
  }

  /** Inside a transaction: there is a line at the position after all. */
  takeOut(stream: number, seq: number): void {
    const run = this.at(stream, seq)
    if (run === undefined) return
    this.#remove.run(stream, run.to)
    if (run.from < seq) this.#insert.run(stream, run.from, seq - 1)
    if (run.to > seq) this.#insert.run(stream, seq + 1, run.to)
  }

  /** The run that holds the position. */
  at(stream: number, seq: number): Run | undefined {
    if (this.#rows.areNone) return undefined
    const run = this.#runFrom.get(stream, seq)
    return run !== undefined && run.from <= seq ? run : undefined
  }
}
