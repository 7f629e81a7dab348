import type { AccountId, DeviceKey } from '@parley/shared/ids.ts'
import type { Database, Statement } from 'better-sqlite3'

/** The number of each device's last heartbeat. It outlives the device, or its old heartbeats could be replayed. */
export class HeartbeatsTable {
  readonly #get: Statement<[AccountId, DeviceKey], number>
  readonly #put: Statement<[AccountId, DeviceKey, number]>

  constructor(database: Database) {
    this.#get = database
      .prepare<[AccountId, DeviceKey], number>('SELECT n FROM heartbeats WHERE account_id = ? AND device_key = ?')
      .pluck()
    this.#put = database.prepare('INSERT OR REPLACE INTO heartbeats (account_id, device_key, n) VALUES (?, ?, ?)')
  }

  lastNumber(accountId: AccountId, device: DeviceKey): number | undefined {
    return this.#get.get(accountId, device)
  }

  put(accountId: AccountId, device: DeviceKey, n: number): void {
    this.#put.run(accountId, device, n)
  }
}
