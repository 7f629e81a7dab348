import type { AccountId, DeviceKey, Name } from '@parley/shared/ids.ts'
import type { Jws } from '@parley/shared/signed/jws.ts'
import type { Database, Statement } from 'better-sqlite3'

/** The last statement of each device, as signed. */
export class StatementsTable {
  readonly #ofName: Statement<[Name], Jws>
  readonly #put: Statement<[AccountId, DeviceKey, Jws]>
  readonly #remove: Statement<[AccountId, DeviceKey]>

  constructor(database: Database) {
    this.#ofName = database
      .prepare<[Name], Jws>(
        `SELECT s.statement FROM devices d
         JOIN statements s ON s.account_id = d.account_id AND s.device_key = d.device_key
         WHERE d.name = ? ORDER BY d.place`,
      )
      .pluck()
    this.#put = database.prepare(
      'INSERT OR REPLACE INTO statements (account_id, device_key, statement) VALUES (?, ?, ?)',
    )
    this.#remove = database.prepare('DELETE FROM statements WHERE account_id = ? AND device_key = ?')
  }

  /** Those of the devices that the record in force lists, in its order. */
  ofName(name: Name): Jws[] {
    return this.#ofName.all(name)
  }

  put(accountId: AccountId, device: DeviceKey, statement: Jws): void {
    this.#put.run(accountId, device, statement)
  }

  remove(accountId: AccountId, device: DeviceKey): void {
    this.#remove.run(accountId, device)
  }
}
