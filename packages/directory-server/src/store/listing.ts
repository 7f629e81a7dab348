import type { AccountId, Name } from '@parley/shared/ids.ts'
import type { Database, Statement } from 'better-sqlite3'

/** A row of a listing; `hidesPresence` and `isOnline` are 0 or 1. */
export interface ListedRow {
  readonly accountId: AccountId
  readonly name: Name
  readonly displayName: string
  readonly statusText: string | null
  readonly hidesPresence: number
  readonly lastSeen: number | null
  readonly address: string | null
  readonly isOnline: number
}

export interface ListingFilter {
  /** Names after this one. */
  readonly after: string
  readonly limit: number
  readonly status?: 'online' | 'offline' | undefined
  readonly address?: string | undefined
}

interface Parameters {
  after: string
  limit: number
  address: string | null
}

const COLUMNS = `u.account_id AS accountId, u.name, u.display_name AS displayName, u.status_text AS statusText,
  u.hides_presence AS hidesPresence,  s.last_seen AS lastSeen, s.address, o.name IS NOT NULL AS isOnline`
const TAIL = 'AND u.retired_at IS NULL AND u.name > @after ORDER BY u.name LIMIT @limit'
const FROM_USERS = `FROM users u LEFT JOIN sightings s ON s.account_id = u.account_id
  LEFT JOIN temp.online o ON o.name = u.name WHERE true`
// In the order of the index, which begins with the address: the loops are in the order in which they are written.
const FROM_ADDRESS = `FROM seen_at a LEFT JOIN temp.online o ON o.name = a.name
  CROSS JOIN users u ON u.name = a.name AND u.account_id = a.account_id
  LEFT JOIN sightings s ON s.account_id = a.account_id WHERE a.address = @address AND a.name > @after`
const ADDRESS_TAIL = 'ORDER BY a.name LIMIT @limit'

/**
 * All users in the order of names. Who is online is kept in memory, yet a page of online users must not cost a walk over all
 * users: so their names are mirrored in a temporary table, which lives in memory too and which a restart forgets.
 */
export class Listing {
  readonly #all: Statement<[Parameters], ListedRow>
  readonly #online: Statement<[Parameters], ListedRow>
  readonly #offline: Statement<[Parameters], ListedRow>
  readonly #allAt: Statement<[Parameters], ListedRow>
  readonly #onlineAt: Statement<[Parameters], ListedRow>
  readonly #offlineAt: Statement<[Parameters], ListedRow>
  readonly #addOnline: Statement<[Name, AccountId]>
  readonly #removeOnline: Statement<[AccountId]>

  constructor(database: Database) {
    database.exec('CREATE TEMP TABLE online (name TEXT PRIMARY KEY, account_id TEXT NOT NULL) STRICT, WITHOUT ROWID')
    database.exec('CREATE INDEX temp.online_by_account ON online (account_id)')
    this.#all = database.prepare(`SELECT ${COLUMNS} ${FROM_USERS} ${TAIL}`)
    // CROSS JOIN fixes the order of the loops (sqlite.org/optoverview.html): from the few who are online, by name.
    this.#online = database.prepare(
      `SELECT ${COLUMNS} FROM temp.online o CROSS JOIN users u ON u.name = o.name
       LEFT JOIN sightings s ON s.account_id = u.account_id
       WHERE u.retired_at IS NULL AND o.name > @after ORDER BY o.name LIMIT @limit`,
    )
    this.#offline = database.prepare(`SELECT ${COLUMNS} ${FROM_USERS} AND o.name IS NULL ${TAIL}`)
    this.#allAt = database.prepare(`SELECT ${COLUMNS} ${FROM_ADDRESS} ${ADDRESS_TAIL}`)
    this.#onlineAt = database.prepare(`SELECT ${COLUMNS} ${FROM_ADDRESS} AND o.name IS NOT NULL ${ADDRESS_TAIL}`)
    this.#offlineAt = database.prepare(`SELECT ${COLUMNS} ${FROM_ADDRESS} AND o.name IS NULL ${ADDRESS_TAIL}`)
    this.#addOnline = database.prepare('INSERT OR REPLACE INTO temp.online (name, account_id) VALUES (?, ?)')
    this.#removeOnline = database.prepare('DELETE FROM temp.online WHERE account_id = ?')
  }

  page({ after, limit, status, address }: ListingFilter): ListedRow[] {
    const statement =
      address === undefined
        ? { all: this.#all, online: this.#online, offline: this.#offline }
        : { all: this.#allAt, online: this.#onlineAt, offline: this.#offlineAt }
    return statement[status ?? 'all'].all({ after, limit, address: address ?? null })
  }

  /** The account is online under these names; under none when it is offline. */
  setOnline(accountId: AccountId, names: readonly Name[]): void {
    this.#removeOnline.run(accountId)
    for (const name of names) this.#addOnline.run(name, accountId)
  }
}
