import type { AccountId, AccountKey } from '@parley/shared/ids.ts'
import type { Statement } from 'better-sqlite3'
import type { Database } from './database.ts'

/** `former`: it signed over to the key in force, directly or not. `refused`: the user said that it is not this contact's. */
export type KeyPast = 'former' | 'refused'

/** Keys of contacts besides the one in force. */
export class ContactKeysTable {
  readonly #put: Statement<[AccountId, AccountKey, KeyPast]>
  readonly #of: Statement<[AccountId], { key: AccountKey; past: KeyPast }>
  readonly #clear: Statement<[AccountId, KeyPast]>

  constructor(database: Database) {
    this.#put = database.prepare(
      `INSERT INTO contact_keys (account, account_key, past) VALUES (?, ?, ?)
       ON CONFLICT (account, account_key) DO UPDATE SET past = excluded.past`,
    )
    this.#of = database.prepare('SELECT account_key AS key, past FROM contact_keys WHERE account = ?')
    this.#clear = database.prepare('DELETE FROM contact_keys WHERE account = ? AND past = ?')
  }

  put(account: AccountId, key: AccountKey, past: KeyPast): void {
    this.#put.run(account, key, past)
  }

  of(account: AccountId, past: KeyPast): Set<AccountKey> {
    const rows = this.#of.all(account).filter((row) => row.past === past)
    return new Set(rows.map(({ key }) => key))
  }

  clear(account: AccountId, past: KeyPast): void {
    this.#clear.run(account, past)
  }
}
