import type { Epoch } from '@parley/shared/ids.ts'
import { MAX_REPEATS } from '@parley/shared/limits.ts'
import type { Statement } from 'better-sqlite3'
import type { Database } from './database.ts'
import { RareRows } from './rare-rows.ts'
import type { Place } from './reissues-table.ts'

interface OriginPlace {
  readonly epoch: Epoch
  readonly seq: number
}

/** Positions that repeat what stood elsewhere first: those of others, and mine that a predecessor of this device wrote. */
export class OriginsTable {
  readonly #rows: RareRows
  readonly #insert: Statement<[Epoch, number, Uint8Array, number, number]>
  readonly #repeats: Statement<[Epoch, number], Place & { bodyHash: Uint8Array }>

  constructor(database: Database) {
    this.#rows = new RareRows(database, 'origins')
    this.#insert = database.prepare(
      'INSERT OR IGNORE INTO origins (epoch, seq, body_hash, stream, at_seq) VALUES (?, ?, ?, ?, ?)',
    )
    this.#repeats = database.prepare(
      `SELECT stream, at_seq AS seq, body_hash AS bodyHash FROM origins WHERE epoch = ? AND seq = ? LIMIT ${MAX_REPEATS}`,
    )
  }

  get areNone(): boolean {
    return this.#rows.areNone
  }

  /** Nothing happens when MAX_REPEATS are known already. */
  insert({ epoch, seq }: OriginPlace, bodyHash: Uint8Array, at: Place): void {
    if (this.repeatsOf({ epoch, seq }).length >= MAX_REPEATS) return
    this.#rows.add()
    this.#insert.run(epoch, seq, bodyHash, at.stream, at.seq)
  }

  /** The positions that say they repeat this one, and the hash of what they say; at most MAX_REPEATS. */
  repeatsOf({ epoch, seq }: OriginPlace): (Place & { bodyHash: Uint8Array })[] {
    return this.#rows.areNone ? [] : this.#repeats.all(epoch, seq)
  }
}
