import type { Statement } from 'better-sqlite3'
import type { Database } from './database.ts'
import type { Place } from './reissues-table.ts'

interface Deadline extends Place {
  /** Unix milliseconds. */
  readonly at: number
}

/** Messages of mine that are worth nothing after a moment, by that moment. */
export class DeadlinesTable {
  readonly #insert: Statement<[number, number, number]>
  readonly #due: Statement<[number, number], Deadline>
  readonly #remove: Statement<[number, number, number]>
  readonly #next: Statement<[], { at: number | null }>

  constructor(database: Database) {
    this.#insert = database.prepare('INSERT INTO deadlines (at, stream, seq) VALUES (?, ?, ?)')
    this.#due = database.prepare('SELECT at, stream, seq FROM deadlines WHERE at <= ? ORDER BY at LIMIT ?')
    this.#remove = database.prepare('DELETE FROM deadlines WHERE at = ? AND stream = ? AND seq = ?')
    this.#next = database.prepare('SELECT min(at) AS at FROM deadlines')
  }

  insert({ at, stream, seq }: Deadline): void {
    this.#insert.run(at, stream, seq)
  }

  /** Those whose moment has come, the earliest first. */
  due(now: number, limit: number): Deadline[] {
    return this.#due.all(now, limit)
  }

  remove({ at, stream, seq }: Deadline): void {
    this.#remove.run(at, stream, seq)
  }

  next(): number | undefined {
    return this.#next.get()?.at ?? undefined
  }
}
