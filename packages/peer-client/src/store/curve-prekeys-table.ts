import type { Database } from './database.ts'

/** Private halves of the one-time Curve25519 prekeys that nobody used yet. */
export class CurvePrekeysTable {
  readonly #find
  readonly #count
  readonly #insert
  readonly #delete
  readonly #deleteOlder
  readonly #keepNewest

  constructor(database: Database) {
    this.#find = database.prepare<[number], { record: Buffer<ArrayBuffer> }>(
      'SELECT record FROM curve_prekeys WHERE id = ?',
    )
    this.#count = database.prepare<[], { n: number }>('SELECT count(*) AS n FROM curve_prekeys')
    this.#insert = database.prepare<[number, Uint8Array, number]>(
      'INSERT INTO curve_prekeys (id, record, made_at) VALUES (?, ?, ?)',
    )
    this.#delete = database.prepare<[number]>('DELETE FROM curve_prekeys WHERE id = ?')
    this.#deleteOlder = database.prepare<[number]>('DELETE FROM curve_prekeys WHERE made_at < ?')
    this.#keepNewest = database.prepare<[number]>(
      'DELETE FROM curve_prekeys WHERE id IN (SELECT id FROM curve_prekeys ORDER BY made_at DESC, id LIMIT -1 OFFSET ?)',
    )
  }

  find(id: number): Uint8Array<ArrayBuffer> | undefined {
    return this.#find.get(id)?.record
  }

  count(): number {
    return this.#count.get()?.n ?? 0
  }

  insert(id: number, record: Uint8Array, madeAt: number): void {
    this.#insert.run(id, record, madeAt)
  }

  /** False when there was no such key. */
  delete(id: number): boolean {
    return this.#delete.run(id).changes === 1
  }

  deleteOlder(than: number): void {
    this.#deleteOlder.run(than)
  }

  /** Deletes the oldest beyond `max`. */
  keepNewest(max: number): void {
    this.#keepNewest.run(max)
  }
}
