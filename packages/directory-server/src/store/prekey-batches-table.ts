import type { AccountId, DeviceKey } from '@parley/shared/ids.ts'
import type { Database, Statement } from 'better-sqlite3'

/** The last batch of each device without its one-time pairs, as JSON text. */
export class PrekeyBatchesTable {
  readonly #get: Statement<[AccountId, DeviceKey], string>
  readonly #put: Statement<[AccountId, DeviceKey, string]>
  readonly #remove: Statement<[AccountId, DeviceKey]>

  constructor(database: Database) {
    this.#get = database
      .prepare<[AccountId, DeviceKey], string>(
        'SELECT batch FROM prekey_batches WHERE account_id = ? AND device_key = ?',
      )
      .pluck()
    this.#put = database.prepare(
      'INSERT OR REPLACE INTO prekey_batches (account_id, device_key, batch) VALUES (?, ?, ?)',
    )
    this.#remove = database.prepare('DELETE FROM prekey_batches WHERE account_id = ? AND device_key = ?')
  }

  get(accountId: AccountId, device: DeviceKey): string | undefined {
    return this.#get.get(accountId, device)
  }

  put(accountId: AccountId, device: DeviceKey, batch: string): void {
    this.#put.run(accountId, device, batch)
  }

  remove(accountId: AccountId, device: DeviceKey): void {
    this.#remove.run(accountId, device)
  }
}
