import type { AccountId, DeviceKey, Digest } from '@parley/shared/ids.ts'
import type { Database, Statement } from 'better-sqlite3'

export type CounterKind = 'statement' | 'upload' | 'claim'

/** The last object of a kind that was accepted from a device. */
export interface Counter {
  readonly n: number
  readonly digest: Digest
}

/** The rising numbers of devices. They outlive what they count, or a removed device's old objects could be replayed. */
export class CountersTable {
  readonly #get: Statement<[AccountId, DeviceKey, CounterKind], Counter>
  readonly #put: Statement<[AccountId, DeviceKey, CounterKind, number, Digest]>

  constructor(database: Database) {
    this.#get = database.prepare('SELECT n, digest FROM counters WHERE account_id = ? AND device_key = ? AND kind = ?')
    this.#put = database.prepare(
      'INSERT OR REPLACE INTO counters (account_id, device_key, kind, n, digest) VALUES (?, ?, ?, ?, ?)',
    )
  }

  get(accountId: AccountId, device: DeviceKey, kind: CounterKind): Counter | undefined {
    return this.#get.get(accountId, device, kind)
  }

  put(accountId: AccountId, device: DeviceKey, kind: CounterKind, { n, digest }: Counter): void {
    this.#put.run(accountId, device, kind, n, digest)
  }
}
