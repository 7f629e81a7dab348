import type { Database } from './database.ts'

interface KyberPrekeyRow {
  readonly record: Uint8Array<ArrayBuffer>
  /** Serves many, and is not deleted by use. */
  readonly isLastResort: boolean
}

/** Private halves of the ML-KEM prekeys, one-time and last-resort. */
export class KyberPrekeysTable {
  readonly #find
  readonly #newestLastResort
  readonly #insert
  readonly #deleteOneTime
  readonly #deleteOlder
  readonly #keepNewestOneTime

  constructor(database: Database) {
    this.#find = database.prepare<[number], { record: Buffer<ArrayBuffer>; last_resort: number }>(
      'SELECT record, last_resort FROM kyber_prekeys WHERE id = ?',
    )
    this.#newestLastResort = database.prepare<[number, number], { record: Buffer<ArrayBuffer> }>(
      `SELECT record FROM kyber_prekeys WHERE last_resort = 1 AND made_at BETWEEN ? AND ?
       ORDER BY made_at DESC, id LIMIT 1`,
    )
    this.#insert = database.prepare<[number, Uint8Array, number, number]>(
      'INSERT INTO kyber_prekeys (id, record, last_resort, made_at) VALUES (?, ?, ?, ?)',
    )
    this.#deleteOneTime = database.prepare<[number]>('DELETE FROM kyber_prekeys WHERE id = ? AND last_resort = 0')
    this.#deleteOlder = database.prepare<[number]>('DELETE FROM kyber_prekeys WHERE made_at < ?')
    this.#keepNewestOneTime = database.prepare<[number]>(
      `DELETE FROM kyber_prekeys WHERE id IN
       (SELECT id FROM kyber_prekeys WHERE last_resort = 0 ORDER BY made_at DESC, id LIMIT -1 OFFSET ?)`,
    )
  }

  find(id: number): KyberPrekeyRow | undefined {
    const row = this.#find.get(id)
    return row === undefined ? undefined : { record: row.record, isLastResort: row.last_resort === 1 }
  }

  /** The newest last-resort key made between the two times, both included. */
  newestLastResort(from: number, to: number): Uint8Array<ArrayBuffer> | undefined {
    return this.#newestLastResort.get(from, to)?.record
  }

  insert(id: number, record: Uint8Array, isLastResort: boolean, madeAt: number): void {
    this.#insert.run(id, record, isLastResort ? 1 : 0, madeAt)
  }

  /** False when there was no such one-time key. */
  deleteOneTime(id: number): boolean {
    return this.#deleteOneTime.run(id).changes === 1
  }

  deleteOlder(than: number): void {
    this.#deleteOlder.run(than)
  }

  /** Deletes the oldest one-time keys beyond `max`. */
  keepNewestOneTime(max: number): void {
    this.#keepNewestOneTime.run(max)
  }
}
