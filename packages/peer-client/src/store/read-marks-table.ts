import type { AccountId } from '@parley/shared/ids.ts'
import type { Statement } from 'better-sqlite3'
import type { Database } from './database.ts'

/** How far somebody has read a stream: I those of others, they mine, as far as they say so. */
export class ReadMarksTable {
  readonly #raise: Statement<[number, AccountId, number, number]>
  readonly #get: Statement<[number, AccountId], { upTo: number; at: number }>

  constructor(database: Database) {
    this.#raise = database.prepare(
      `INSERT INTO read_marks (stream, account, up_to, at) VALUES (?, ?, ?, ?)
       ON CONFLICT (stream, account) DO UPDATE SET up_to = excluded.up_to, at = excluded.at
       WHERE excluded.up_to > read_marks.up_to`,
    )
    this.#get = database.prepare('SELECT up_to AS upTo, at FROM read_marks WHERE stream = ? AND account = ?')
  }

  /** Never falls; false when it was there already. */
  raise(stream: number, account: AccountId, upTo: number, at: number): boolean {
    return this.#raise.run(stream, account, upTo, at).changes === 1
  }

  /** 0 before the first. */
  upTo(stream: number, account: AccountId): number {
    return this.#get.get(stream, account)?.upTo ?? 0
  }
}
