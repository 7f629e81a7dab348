import type { VoidReason } from '@parley/shared/wire/message.ts'
import type { Statement } from 'better-sqlite3'
import type { Database } from './database.ts'
import { RareRows } from './rare-rows.ts'

interface Vacancy {
  readonly stream: number
  readonly seq: number
  /** Of the message that would stand there. */
  readonly hash: Uint8Array
  readonly prev: Uint8Array
  readonly reason: VoidReason
}

/** Positions of others that came without their content: the chain goes over them, and nothing is shown. */
export class VacanciesTable {
  readonly #rows: RareRows
  readonly #insert: Statement<[number, number, Uint8Array, Uint8Array, VoidReason]>
  readonly #hash: Statement<[number, number], { hash: Uint8Array }>
  readonly #delete: Statement<[number, number]>

  constructor(database: Database) {
    this.#rows = new RareRows(database, 'vacancies')
    this.#insert = database.prepare('INSERT INTO vacancies (stream, seq, hash, prev, reason) VALUES (?, ?, ?, ?, ?)')
    this.#hash = database.prepare('SELECT hash FROM vacancies WHERE stream = ? AND seq = ?')
    this.#delete = database.prepare('DELETE FROM vacancies WHERE stream = ? AND seq = ?')
  }

  insert({ stream, seq, hash, prev, reason }: Vacancy): void {
    this.#rows.add()
    this.#insert.run(stream, seq, hash, prev, reason)
  }

  hashAt(stream: number, seq: number): Uint8Array | undefined {
    return this.#rows.areNone ? undefined : this.#hash.get(stream, seq)?.hash
  }

  /** Its content came after all. */
  remove(stream: number, seq: number): void {
    this.#delete.run(stream, seq)
  }
}
