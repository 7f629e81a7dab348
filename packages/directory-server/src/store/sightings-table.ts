import type { AccountId } from '@parley/shared/ids.ts'
import type { Database, Statement } from 'better-sqlite3'

export interface Sighting {
  /** Unix milliseconds; null before the account was ever online. */
  readonly lastSeen: number | null
  readonly address: string | null
}

/** When and where the directory itself saw each account last. */
export class SightingsTable {
  readonly #get: Statement<[AccountId], Sighting>
  readonly #seen: Statement<[AccountId, number, string | null]>
  readonly #observed: Statement<[AccountId, string]>
  readonly #remove: Statement<[AccountId]>

  constructor(database: Database) {
    this.#get = database.prepare('SELECT last_seen AS lastSeen, address FROM sightings WHERE account_id = ?')
    this.#seen = database.prepare(
      `INSERT INTO sightings (account_id, last_seen, address) VALUES (?, ?, ?)
       ON CONFLICT (account_id) DO UPDATE SET last_seen = excluded.last_seen, address = coalesce(excluded.address, address)`,
    )
    this.#observed = database.prepare(
      `INSERT INTO sightings (account_id, address) VALUES (?, ?)
       ON CONFLICT (account_id) DO UPDATE SET address = excluded.address`,
    )
    this.#remove = database.prepare('DELETE FROM sightings WHERE account_id = ?')
  }

  get(accountId: AccountId): Sighting | undefined {
    return this.#get.get(accountId)
  }

  /** Online until `at`, with the address when it is known anew. */
  seen(accountId: AccountId, at: number, address?: string): void {
    this.#seen.run(accountId, at, address ?? null)
  }

  /** Heard from `address`, without having been online. */
  observed(accountId: AccountId, address: string): void {
    this.#observed.run(accountId, address)
  }

  remove(accountId: AccountId): void {
    this.#remove.run(accountId)
  }
}
