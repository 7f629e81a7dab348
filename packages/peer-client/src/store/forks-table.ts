import type { DeviceKey, Epoch } from '@parley/shared/ids.ts'
import { MAX_FORKS_PER_DEVICE } from '@parley/shared/limits.ts'
import type { Statement } from 'better-sqlite3'
import type { Database } from './database.ts'

export interface Fork {
  readonly device: DeviceKey
  readonly epoch: Epoch
  readonly seq: number
  readonly hash: Uint8Array
  readonly bytes: Uint8Array
  readonly seenAt: number
}

/** Evidence against a device: what it said at a position where it had said something else, or that its own chain denies. */
export class ForksTable {
  readonly #insert: Statement<[DeviceKey, Epoch, number, Uint8Array, Uint8Array, number]>
  readonly #count: Statement<[DeviceKey], { n: number }>
  readonly #ofDevice: Statement<[DeviceKey], Fork>
  readonly #ofStream: Statement<[DeviceKey, Epoch], Fork>

  constructor(database: Database) {
    this.#insert = database.prepare(
      'INSERT OR IGNORE INTO forks (device, epoch, seq, hash, bytes, seen_at) VALUES (?, ?, ?, ?, ?, ?)',
    )
    this.#count = database.prepare('SELECT count(*) AS n FROM forks WHERE device = ?')
    this.#ofDevice = database.prepare(
      'SELECT device, epoch, seq, hash, bytes, seen_at AS seenAt FROM forks WHERE device = ? ORDER BY epoch, seq',
    )
    this.#ofStream = database.prepare(
      'SELECT device, epoch, seq, hash, bytes, seen_at AS seenAt FROM forks WHERE device = ? AND epoch = ? ORDER BY seq',
    )
  }

  /** Kept up to MAX_FORKS_PER_DEVICE: more would prove nothing more. */
  insert(fork: Fork): void {
    if (this.count(fork.device) >= MAX_FORKS_PER_DEVICE) return
    this.#insert.run(fork.device, fork.epoch, fork.seq, fork.hash, fork.bytes, fork.seenAt)
  }

  count(device: DeviceKey): number {
    return this.#count.get(device)?.n ?? 0
  }

  ofDevice(device: DeviceKey): Fork[] {
    return this.#ofDevice.all(device)
  }

  ofStream({ device, epoch }: { device: DeviceKey; epoch: Epoch }): Fork[] {
    return this.#ofStream.all(device, epoch)
  }
}
