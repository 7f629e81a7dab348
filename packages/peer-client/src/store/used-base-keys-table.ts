import type { Database } from './database.ts'

/** A base key is drawn by whoever begins a ratchet; together with the two prekeys that were used it names that beginning. */
export interface BaseKeyUse {
  readonly kyber: number
  readonly signed: number
  readonly baseKey: Uint8Array
}

/** What last-resort prekeys were used with, so that the same first message cannot begin a second ratchet. */
export class UsedBaseKeysTable {
  readonly #find
  readonly #insert
  readonly #deleteOlder
  readonly #count
  readonly #keepNewest

  constructor(database: Database) {
    this.#find = database.prepare<[number, number, Uint8Array], { used: number }>(
      'SELECT 1 AS used FROM used_base_keys WHERE kyber = ? AND signed = ? AND base_key = ?',
    )
    this.#insert = database.prepare<[number, number, Uint8Array, number]>(
      'INSERT INTO used_base_keys (kyber, signed, base_key, used_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
    )
    this.#deleteOlder = database.prepare<[number]>('DELETE FROM used_base_keys WHERE used_at < ?')
    this.#count = database.prepare<[], { n: number }>('SELECT count(*) AS n FROM used_base_keys')
    this.#keepNewest = database.prepare<[number]>(
      `DELETE FROM used_base_keys WHERE (kyber, signed, base_key) IN
       (SELECT kyber, signed, base_key FROM used_base_keys ORDER BY used_at DESC LIMIT -1 OFFSET ?)`,
    )
  }

  has({ kyber, signed, baseKey }: BaseKeyUse): boolean {
    return this.#find.get(kyber, signed, baseKey) !== undefined
  }

  /** False when it was there already. */
  insert({ kyber, signed, baseKey }: BaseKeyUse, usedAt: number): boolean {
    return this.#insert.run(kyber, signed, baseKey, usedAt).changes === 1
  }

  deleteOlder(than: number): void {
    this.#deleteOlder.run(than)
  }

  count(): number {
    return this.#count.get()?.n ?? 0
  }

  /** Deletes those used longest ago beyond `max`. */
  keepNewest(max: number): void {
    this.#keepNewest.run(max)
  }
}
