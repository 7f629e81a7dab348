import type { AccountId, DeviceKey } from '@parley/shared/ids.ts'
import type { Statement } from 'better-sqlite3'
import type { Database } from './database.ts'

/**
 * Strangers who wrote nothing and were written nothing, and of whom the user noted nothing. Without a stream nothing that is shown leads
 * to them, and without a cursor nothing was ever sealed for them.
 */
const FORGETTABLE = `state = 'stranger' AND verified_key IS NULL AND nickname IS NULL AND offered_key IS NULL AND replaced_by IS NULL
  AND account NOT IN (SELECT replaced_by FROM contacts WHERE replaced_by IS NOT NULL)
  AND account NOT IN (SELECT offered_account FROM contacts WHERE offered_account IS NOT NULL)
  AND NOT EXISTS (SELECT 1 FROM devices d JOIN streams s ON s.device = d.device WHERE d.account = c.account)
  AND NOT EXISTS (SELECT 1 FROM devices d JOIN cursors k ON k.device = d.device WHERE d.account = c.account)`

/** In this order, as what refers to another row goes first. */
const BY_DEVICE = ['endpoints', 'ratchets', 'opened_envelopes', 'forks']
const BY_ACCOUNT = ['attempts', 'devices', 'contact_keys', 'contact_names', 'contacts']

/** Accounts that came and with whom nothing was exchanged: they may be forgotten, and are met again as if for the first time. */
export class StrangersTable {
  readonly #count: Statement<[], { n: number }>
  readonly #longestAway: Statement<[], { account: AccountId }>
  readonly #devices: Statement<[AccountId], { device: DeviceKey }>
  readonly #deleteByDevice: Statement<[DeviceKey]>[]
  readonly #deleteByAccount: Statement<[AccountId]>[]

  constructor(database: Database) {
    this.#count = database.prepare(`SELECT count(*) AS n FROM contacts c WHERE ${FORGETTABLE}`)
    this.#longestAway = database.prepare(
      `SELECT account FROM contacts c WHERE ${FORGETTABLE}
       ORDER BY coalesce((SELECT max(d.last_seen_at) FROM devices d WHERE d.account = c.account), added_at), account LIMIT 1`,
    )
    this.#devices = database.prepare('SELECT device FROM devices WHERE account = ?')
    this.#deleteByDevice = BY_DEVICE.map((table) => database.prepare(`DELETE FROM ${table} WHERE device = ?`))
    this.#deleteByAccount = BY_ACCOUNT.map((table) => database.prepare(`DELETE FROM ${table} WHERE account = ?`))
  }

  count(): number {
    return this.#count.get()?.n ?? 0
  }

  /** Inside a transaction: all that is known of the one who has been away for the longest. Returns whom, and his devices. */
  forgetOne(): { account: AccountId; devices: DeviceKey[] } | undefined {
    const account = this.#longestAway.get()?.account
    if (account === undefined) return undefined
    const devices = this.#devices.all(account).map(({ device }) => device)
    for (const statement of this.#deleteByDevice) for (const device of devices) statement.run(device)
    for (const statement of this.#deleteByAccount) statement.run(account)
    return { account, devices }
  }
}
