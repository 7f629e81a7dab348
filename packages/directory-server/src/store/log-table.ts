import type { Database, Statement } from 'better-sqlite3'

export type LogKind = 'record' | 'retirement'

/** Every accepted record and retirement, in order. Append-only, so that one day a Merkle tree can cover it from the first entry. */
export class LogTable {
  readonly #append: Statement<[LogKind, string]>

  constructor(database: Database) {
    this.#append = database.prepare('INSERT INTO log (kind, entry) VALUES (?, ?)')
  }

  /** The index of the entry; the first is 0. */
  append(kind: LogKind, entry: string): number {
    return Number(this.#append.run(kind, entry).lastInsertRowid) - 1
  }
}
