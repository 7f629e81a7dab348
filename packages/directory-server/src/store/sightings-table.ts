import type { AccountId } from '@parley/shared/ids.ts'
import type { Database, Statement } from 'better-sqlite3'

export interface Sighting {
  /** Unix milliseconds; null before the account was ever online. */
  readonly lastSeen: number | null
  readonly address: string | null
}

/** When and where the directory itself saw each account last, and which names an address leads to. */
export class SightingsTable {
  readonly #get: Statement<[AccountId], Sighting>
  readonly #seen: Statement<[AccountId, number, string | null]>
  readonly #observed: Statement<[AccountId, string]>
  readonly #remove: Statement<[AccountId]>
  readonly #clearNames: Statement<[AccountId]>
  readonly #addNames: Statement<[AccountId]>

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
    this.#clearNames = database.prepare('DELETE FROM seen_at WHERE account_id = ?')
    this.#addNames = database.prepare(
      `INSERT INTO seen_at (address, name, account_id)
       SELECT s.address, u.name, u.account_id FROM sightings s JOIN users u ON u.account_id = s.account_id
       WHERE s.account_id = ? AND s.address IS NOT NULL AND u.retired_at IS NULL AND u.hides_presence = 0`,
    )
  }

  get(accountId: AccountId): Sighting | undefined {
    return this.#get.get(accountId)
  }

  /** Online until `at`, with the address when it is known anew. */
  seen(accountId: AccountId, at: number, address?: string): void {
    const isElsewhere = address !== undefined && this.get(accountId)?.address !== address
    this.#seen.run(accountId, at, address ?? null)
    if (isElsewhere) this.namesChanged(accountId)
  }

  /** Heard from `address`, without having been online; perhaps under a new name. */
  observed(accountId: AccountId, address: string): void {
    this.#observed.run(accountId, address)
    this.namesChanged(accountId)
  }

  /** The account holds other names than before, or lets itself be seen under others: those are what its address leads to. */
  namesChanged(accountId: AccountId): void {
    this.#clearNames.run(accountId)
    this.#addNames.run(accountId)
  }

  remove(accountId: AccountId): void {
    this.#remove.run(accountId)
    this.#clearNames.run(accountId)
  }
}
