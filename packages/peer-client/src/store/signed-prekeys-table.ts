import type { Database } from './database.ts'

/** The signed Curve25519 prekeys: the one handed out now, and older ones that somebody may still begin with. */
export class SignedPrekeysTable {
  readonly #find
  readonly #newest
  readonly #insert
  readonly #deleteOlder

  constructor(database: Database) {
    this.#find = database.prepare<[number], { record: Buffer<ArrayBuffer> }>(
      'SELECT record FROM signed_prekeys WHERE id = ?',
    )
    this.#newest = database.prepare<[number, number], { record: Buffer<ArrayBuffer> }>(
      'SELECT record FROM signed_prekeys WHERE made_at BETWEEN ? AND ? ORDER BY made_at DESC, id LIMIT 1',
    )
    this.#insert = database.prepare<[number, Uint8Array, number]>(
      'INSERT INTO signed_prekeys (id, record, made_at) VALUES (?, ?, ?)',
    )
    this.#deleteOlder = database.prepare<[number]>('DELETE FROM signed_prekeys WHERE made_at < ?')
  }

  find(id: number): Uint8Array<ArrayBuffer> | undefined {
    return this.#find.get(id)?.record
  }

  /** The newest made between the two times, both included. */
  newest(from: number, to: number): Uint8Array<ArrayBuffer> | undefined {
    return this.#newest.get(from, to)?.record
  }

  insert(id: number, record: Uint8Array, madeAt: number): void {
    this.#insert.run(id, record, madeAt)
  }

  deleteOlder(than: number): void {
    this.#deleteOlder.run(than)
  }
}
