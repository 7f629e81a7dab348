import type { DeviceKey } from '@parley/shared/ids.ts'
import type { Database } from './database.ts'

/** The ratchet of each remote device, in libsignal's serialised form. */
export class RatchetsTable {
  readonly #find
  readonly #insert
  readonly #update
  readonly #delete

  constructor(database: Database) {
    this.#find = database.prepare<[DeviceKey], { record: Buffer<ArrayBuffer> }>(
      'SELECT record FROM ratchets WHERE device = ?',
    )
    this.#insert = database.prepare<[DeviceKey, Uint8Array]>(
      'INSERT INTO ratchets (device, record) VALUES (?, ?) ON CONFLICT DO NOTHING',
    )
    this.#update = database.prepare<[Uint8Array, DeviceKey, Uint8Array]>(
      'UPDATE ratchets SET record = ? WHERE device = ? AND record = ?',
    )
    this.#delete = database.prepare<[DeviceKey]>('DELETE FROM ratchets WHERE device = ?')
  }

  find(device: DeviceKey): Uint8Array<ArrayBuffer> | undefined {
    return this.#find.get(device)?.record
  }

  /** Compare-and-set: false, and nothing written, when the row no longer holds `before` (undefined: when there is a row). */
  replace(device: DeviceKey, before: Uint8Array | undefined, after: Uint8Array): boolean {
    const { changes } = before === undefined ? this.#insert.run(device, after) : this.#update.run(after, device, before)
    return changes === 1
  }

  delete(device: DeviceKey): void {
    this.#delete.run(device)
  }
}
