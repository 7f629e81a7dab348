import type { AccountId, DeviceKey, Name } from '@parley/shared/ids.ts'
import type { Database, Statement } from 'better-sqlite3'

/** The devices of the records in force, without the revoked ones. */
export class DevicesTable {
  readonly #of: Statement<[Name], DeviceKey>
  readonly #isListed: Statement<[Name, AccountId, DeviceKey], number>
  readonly #isListedAnywhere: Statement<[AccountId, DeviceKey], number>
  readonly #insert: Statement<[Name, AccountId, DeviceKey, number]>
  readonly #remove: Statement<[Name]>

  constructor(database: Database) {
    this.#of = database
      .prepare<[Name], DeviceKey>('SELECT device_key FROM devices WHERE name = ? ORDER BY place')
      .pluck()
    this.#isListed = database.prepare('SELECT 1 FROM devices WHERE name = ? AND account_id = ? AND device_key = ?')
    this.#isListedAnywhere = database.prepare('SELECT 1 FROM devices WHERE account_id = ? AND device_key = ?')
    this.#insert = database.prepare('INSERT INTO devices (name, account_id, device_key, place) VALUES (?, ?, ?, ?)')
    this.#remove = database.prepare('DELETE FROM devices WHERE name = ?')
  }

  of(name: Name): DeviceKey[] {
    return this.#of.all(name)
  }

  isListed(name: Name, accountId: AccountId, device: DeviceKey): boolean {
    return this.#isListed.get(name, accountId, device) !== undefined
  }

  /** Whether any name of the account lists the device. */
  isListedAnywhere(accountId: AccountId, device: DeviceKey): boolean {
    return this.#isListedAnywhere.get(accountId, device) !== undefined
  }

  replace(name: Name, accountId: AccountId, devices: readonly DeviceKey[]): void {
    this.#remove.run(name)
    devices.forEach((device, place) => void this.#insert.run(name, accountId, device, place))
  }
}
