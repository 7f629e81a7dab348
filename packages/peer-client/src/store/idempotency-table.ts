import type { LocalMessageId } from '@parley/shared/ids.ts'
import type { Statement } from 'better-sqlite3'
import type { Database } from './database.ts'

/** What a client's `Idempotency-Key` stood for, so that asking twice sends once. */
export class IdempotencyTable {
  readonly #find: Statement<[string], { request: Uint8Array; localId: LocalMessageId }>
  readonly #insert: Statement<[string, Uint8Array, LocalMessageId, number]>
  readonly #prune: Statement<[number]>

  constructor(database: Database) {
    this.#find = database.prepare('SELECT request, local_id AS localId FROM idempotency WHERE key = ?')
    this.#insert = database.prepare(
      'INSERT OR REPLACE INTO idempotency (key, request, local_id, at) VALUES (?, ?, ?, ?)',
    )
    this.#prune = database.prepare('DELETE FROM idempotency WHERE at < ?')
  }

  /** The message that the key made, and the digest of the request that made it. */
  find(key: string): { request: Uint8Array; localId: LocalMessageId } | undefined {
    return this.#find.get(key)
  }

  insert(key: string, request: Uint8Array, localId: LocalMessageId, at: number): void {
    this.#insert.run(key, request, localId, at)
  }

  prune(before: number): void {
    this.#prune.run(before)
  }
}
