// One profile's database as the ledger reads it: row by row, so that its size does not matter, and never written to.
import { statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { AccountId, type ConversationId, DeviceKey, type Epoch } from '@parley/shared/ids.ts'
import { MAX_MESSAGE_BYTES } from '@parley/shared/limits.ts'
import { systemErrorCode } from '@parley/shared/system-error.ts'
import type { Statement } from 'better-sqlite3'
import { type Database, openDatabaseReadonly } from '#store/database.ts'
import type { DeliveryState } from '#store/deliveries-table.ts'
import type { Standing } from '#store/messages-table.ts'
import { LedgerError } from './ledger-error.ts'
import { checkWhole } from './whole.ts'

export interface LedgerStream {
  readonly id: number
  readonly device: DeviceKey
  readonly conversation: ConversationId
  readonly epoch: Epoch
  readonly base: number
  readonly upTo: number
  readonly frozenTo: number
  /** Of position `frozenTo`. */
  readonly hash: Uint8Array | null
}

export interface LedgerMessage {
  readonly seq: number
  readonly conversation: ConversationId
  readonly localId: string
  readonly standing: Standing
  readonly kind: string
  readonly lamport: number
  readonly messageId: Uint8Array
  readonly sentAt: number
  readonly priority: number
  readonly bytes: Uint8Array
  readonly hash: Uint8Array
}

export interface Held {
  readonly seq: number
  readonly standing: Standing
  readonly hash: Uint8Array
}

/** A delivery that counts as made, beside the hash of what was delivered; null when that is not there. */
export interface Tick {
  readonly seq: number
  readonly account: AccountId
  readonly device: DeviceKey
  readonly hash: Uint8Array | null
}

const DATA_FILE = 'parley.db'
const TICKED: readonly DeliveryState[] = ['delivered', 'read']
const STREAM_COLUMNS = 'id, device, conversation, epoch, base, up_to AS upTo, frozen_to AS frozenTo, hash'
// One byte more than a message may have is enough to see that it has too many.
const MESSAGE_COLUMNS = `seq, conversation, local_id AS localId, standing, kind, lamport, message_id AS messageId, sent_at AS sentAt,
  priority, substr(bytes, 1, ${MAX_MESSAGE_BYTES + 1}) AS bytes, hash`

export class LedgerDatabase {
  /** The path as it was given. */
  readonly path: string
  readonly device: DeviceKey
  readonly account: AccountId
  readonly database: Database
  readonly #streams: Statement<[], LedgerStream>
  readonly #streamsOf: Statement<[DeviceKey], LedgerStream>
  readonly #stream: Statement<[DeviceKey, Epoch], LedgerStream>
  readonly #messages: Statement<[number], LedgerMessage>
  readonly #positions: Statement<[number], Held>
  readonly #held: Statement<[number, number], Held>
  readonly #ticks: Statement<[number], Tick>

  private constructor(path: string, database: Database, owner: { device: DeviceKey; account: AccountId }) {
    this.path = path
    this.database = database
    this.device = owner.device
    this.account = owner.account
    this.#streams = database.prepare(`SELECT ${STREAM_COLUMNS} FROM streams ORDER BY id`)
    this.#streamsOf = database.prepare(`SELECT ${STREAM_COLUMNS} FROM streams WHERE device = ? ORDER BY id`)
    this.#stream = database.prepare(`SELECT ${STREAM_COLUMNS} FROM streams WHERE device = ? AND epoch = ?`)
    this.#messages = database.prepare(`SELECT ${MESSAGE_COLUMNS} FROM messages WHERE stream = ? ORDER BY seq`)
    this.#positions = database.prepare('SELECT seq, standing, hash FROM messages WHERE stream = ? ORDER BY seq')
    this.#held = database.prepare('SELECT seq, standing, hash FROM messages WHERE stream = ? AND seq = ?')
    this.#ticks = database.prepare(
      `SELECT d.seq, d.account, d.device, m.hash FROM deliveries d LEFT JOIN messages m ON m.stream = d.stream AND m.seq = d.seq
       WHERE d.stream = ? AND d.state IN ('${TICKED.join("', '")}') ORDER BY d.seq`,
    )
  }

  /** A profile directory or the database in it, whole and of this version. Throws LedgerError. */
  static open(path: string): LedgerDatabase {
    let database: Database | undefined
    try {
      database = openDatabaseReadonly(dataFileOf(path))
      checkWhole(database)
      return new LedgerDatabase(path, database, ownerOf(database))
    } catch (error) {
      database?.close()
      throw asLedgerError(error)
    }
  }

  /** All that is read from here on is of one moment after this call, whatever the daemon beside us does. */
  takeSnapshot(): void {
    if (this.database.inTransaction) this.database.exec('COMMIT')
    this.database.exec('BEGIN')
    // SQLite fixes the moment with the first read of the transaction.
    this.database.prepare('SELECT count(*) FROM meta').get()
  }

  streams(): IterableIterator<LedgerStream> {
    return this.#streams.iterate()
  }

  streamsOf(device: DeviceKey): IterableIterator<LedgerStream> {
    return this.#streamsOf.iterate(device)
  }

  stream(device: DeviceKey, epoch: Epoch): LedgerStream | undefined {
    return this.#stream.get(device, epoch)
  }

  /** In the order of positions. */
  messages(stream: LedgerStream): IterableIterator<LedgerMessage> {
    return this.#messages.iterate(stream.id)
  }

  positions(stream: LedgerStream): IterableIterator<Held> {
    return this.#positions.iterate(stream.id)
  }

  held(stream: LedgerStream, seq: number): Held | undefined {
    return this.#held.get(stream.id, seq)
  }

  ticks(stream: LedgerStream): IterableIterator<Tick> {
    return this.#ticks.iterate(stream.id)
  }

  close(): void {
    this.database.close()
  }
}

/** Throws when there is none. */
export function dataFileOf(path: string): string {
  const given = resolve(path)
  if (!statSync(given).isDirectory()) return given
  const file = join(given, DATA_FILE)
  statSync(file)
  return file
}

function ownerOf(database: Database): { device: DeviceKey; account: AccountId } {
  const find = database.prepare<[string], string>('SELECT value FROM meta WHERE key = ?').pluck()
  const device = DeviceKey.safeParse(find.get('device')).data
  const account = AccountId.safeParse(find.get('account')).data
  if (device === undefined || account === undefined) {
    throw new LedgerError('not-a-profile', 'it does not say whose it is: its peer has never started')
  }
  return { device, account }
}

/** What SQLite and the file system say, in the words of the ledger. Everything else is handed back as it is. */
export function asLedgerError(error: unknown): unknown {
  const code = systemErrorCode(error)
  if (error instanceof LedgerError || code === undefined) return error
  const kind = kindOf(code)
  return kind === undefined ? error : new LedgerError(kind, messageOf(error), { cause: error })
}

function kindOf(code: string): LedgerError['code'] | undefined {
  if (code === 'newer-schema') return code
  if (code === 'ENOENT') return 'missing'
  if (code === 'SQLITE_NOTADB') return 'not-a-database'
  if (code.startsWith('SQLITE_CORRUPT')) return 'corrupt'
  return /^(SQLITE_\w+|E[A-Z0-9]+)$/.test(code) ? 'unreadable' : undefined
}

function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error)
}
