import type { ConversationId, DeviceKey, Epoch } from '@parley/shared/ids.ts'
import type { Statement } from 'better-sqlite3'
import type { Database } from './database.ts'

/** How far one of my streams has come towards one device, beside the stream itself. */
export interface CursorRow {
  readonly stream: number
  readonly device: DeviceKey
  readonly base: number
  readonly sealedTo: number
  readonly confirmedTo: number
  readonly reseals: number
  readonly epoch: Epoch
  readonly conversation: ConversationId
  readonly follows: Epoch | null
  readonly closed: number
  readonly upTo: number
  readonly frozenTo: number
  /** Hash of position `upTo`. */
  readonly hash: Uint8Array | null
}

const COLUMNS = `c.stream, c.device, c.base, c.sealed_to AS sealedTo, c.confirmed_to AS confirmedTo, c.reseals,
  s.epoch, s.conversation, s.follows, s.closed, s.up_to AS upTo, s.frozen_to AS frozenTo, s.hash`

export class CursorsTable {
  readonly #insert: Statement<[number, DeviceKey, number, number, number]>
  readonly #unconfirmed: Statement<[DeviceKey], CursorRow>
  readonly #ofDevice: Statement<[DeviceKey], CursorRow>
  readonly #ofStream: Statement<[number], CursorRow>
  readonly #get: Statement<[number, DeviceKey], CursorRow>
  readonly #seal: Statement<[number, number, DeviceKey, number]>
  readonly #confirm: Statement<[number, number, DeviceKey]>
  readonly #countReseal: Statement<[number, DeviceKey]>
  readonly #lowerBase: Statement<[number, number, number, number, DeviceKey]>

  constructor(database: Database) {
    const from = 'FROM cursors c JOIN streams s ON s.id = c.stream'
    this.#insert = database.prepare(
      'INSERT OR IGNORE INTO cursors (stream, device, base, sealed_to, confirmed_to) VALUES (?, ?, ?, ?, ?)',
    )
    this.#unconfirmed = database.prepare(
      `SELECT ${COLUMNS} ${from} WHERE c.device = ? AND s.closed = 0 AND s.up_to > c.confirmed_to ORDER BY c.stream`,
    )
    this.#ofDevice = database.prepare(`SELECT ${COLUMNS} ${from} WHERE c.device = ? AND s.closed = 0 ORDER BY c.stream`)
    this.#ofStream = database.prepare(`SELECT ${COLUMNS} ${from} WHERE c.stream = ? ORDER BY c.device`)
    this.#get = database.prepare(`SELECT ${COLUMNS} ${from} WHERE c.stream = ? AND c.device = ?`)
    this.#seal = database.prepare('UPDATE cursors SET sealed_to = ? WHERE stream = ? AND device = ? AND sealed_to = ?')
    this.#confirm = database.prepare('UPDATE cursors SET confirmed_to = ?, reseals = 0 WHERE stream = ? AND device = ?')
    this.#lowerBase = database.prepare(
      'UPDATE cursors SET base = ?, confirmed_to = ?, sealed_to = max(sealed_to, ?) WHERE stream = ? AND device = ?',
    )
    this.#countReseal = database.prepare('UPDATE cursors SET reseals = reseals + 1 WHERE stream = ? AND device = ?')
  }

  /** Does nothing when the device is served already. */
  insert(stream: number, device: DeviceKey, base: number): void {
    this.#insert.run(stream, device, base, base - 1, base - 1)
  }

  /** Streams with something that the device has not confirmed. */
  unconfirmed(device: DeviceKey): CursorRow[] {
    return this.#unconfirmed.all(device)
  }

  ofDevice(device: DeviceKey): CursorRow[] {
    return this.#ofDevice.all(device)
  }

  ofStream(stream: number): CursorRow[] {
    return this.#ofStream.all(stream)
  }

  get(stream: number, device: DeviceKey): CursorRow | undefined {
    return this.#get.get(stream, device)
  }

  /** False when somebody moved it meanwhile. */
  seal(stream: number, device: DeviceKey, from: number, to: number): boolean {
    return this.#seal.run(to, stream, device, from).changes === 1
  }

  /** Forwards by a matching claim; backwards when the device says that it lost what it had. */
  setConfirmed(stream: number, device: DeviceKey, to: number): void {
    this.#confirm.run(to, stream, device)
  }

  /** The device is to get earlier positions than was thought, from `base` on. */
  lowerBase(stream: number, device: DeviceKey, base: number): void {
    this.#lowerBase.run(base, base - 1, base - 1, stream, device)
  }

  countReseal(stream: number, device: DeviceKey): void {
    this.#countReseal.run(stream, device)
  }
}

/** Everything accepted is frozen and sealed for the device, so the next position may follow at once. */
export function isCaughtUp({ frozenTo, sealedTo, upTo }: CursorRow): boolean {
  return frozenTo === upTo && sealedTo === upTo
}
