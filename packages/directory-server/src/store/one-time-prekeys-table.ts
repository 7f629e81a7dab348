import type { AccountId, DeviceKey } from '@parley/shared/ids.ts'
import type { Database, Statement } from 'better-sqlite3'

export interface StoredPair {
  readonly curveId: number
  readonly kyberId: number
  /** As JSON text. */
  readonly pair: string
}

/** One-time prekey pairs that nobody has had yet. */
export class OneTimePrekeysTable {
  readonly #count: Statement<[AccountId, DeviceKey], number>
  readonly #holds: Statement<[AccountId, DeviceKey, number, number], number>
  readonly #add: Statement<[AccountId, DeviceKey, number, number, string]>
  readonly #take: Statement<[AccountId, DeviceKey], string>
  readonly #remove: Statement<[AccountId, DeviceKey]>

  constructor(database: Database) {
    this.#count = database
      .prepare<[AccountId, DeviceKey], number>(
        'SELECT count(*) FROM one_time_prekeys WHERE account_id = ? AND device_key = ?',
      )
      .pluck()
    this.#holds = database.prepare(
      'SELECT 1 FROM one_time_prekeys WHERE account_id = ? AND device_key = ? AND (curve_id = ? OR kyber_id = ?)',
    )
    this.#add = database.prepare(
      'INSERT INTO one_time_prekeys (account_id, device_key, curve_id, kyber_id, pair) VALUES (?, ?, ?, ?, ?)',
    )
    this.#take = database
      .prepare<[AccountId, DeviceKey], string>(
        `DELETE FROM one_time_prekeys WHERE position = (
           SELECT min(position) FROM one_time_prekeys WHERE account_id = ? AND device_key = ?
         ) RETURNING pair`,
      )
      .pluck()
    this.#remove = database.prepare('DELETE FROM one_time_prekeys WHERE account_id = ? AND device_key = ?')
  }

  count(accountId: AccountId, device: DeviceKey): number {
    return this.#count.get(accountId, device) ?? 0
  }

  /** Whether one of the two ids is among those held. */
  holds(accountId: AccountId, device: DeviceKey, { curveId, kyberId }: StoredPair): boolean {
    return this.#holds.get(accountId, device, curveId, kyberId) !== undefined
  }

  add(accountId: AccountId, device: DeviceKey, { curveId, kyberId, pair }: StoredPair): void {
    this.#add.run(accountId, device, curveId, kyberId, pair)
  }

  /** The oldest pair, removed: whoever calls this is the only one who ever gets it. */
  take(accountId: AccountId, device: DeviceKey): string | undefined {
    return this.#take.get(accountId, device)
  }

  remove(accountId: AccountId, device: DeviceKey): void {
    this.#remove.run(accountId, device)
  }
}
