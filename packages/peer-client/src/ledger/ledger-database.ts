// One profile's database as the ledger reads it: row by row, so that its size does not matter, and never written to.
import { statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { messageHash } from '@parley/shared/hashes.ts'
import { AccountId, type ConversationId, DeviceKey, type Epoch } from '@parley/shared/ids.ts'
import { MAX_MESSAGE_BYTES, MAX_SEQ } from '@parley/shared/limits.ts'
import { systemErrorCode } from '@parley/shared/system-error.ts'
import type { Statement } from 'better-sqlite3'
import { type Database, openDatabaseReadonly } from '#store/database.ts'
import type { DatabaseKey } from '#store/database-key.ts'
import type { DeliveryState } from '#store/deliveries-table.ts'
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
  /** Of position `upTo`. */
  readonly hash: Uint8Array | null
  readonly closed: number
}

export interface LedgerMessage {
  readonly seq: number
  readonly lamport: number
  readonly bytes: Uint8Array
}

/** A position of another device whose content was withheld from this account. */
export interface LedgerVacancy extends Held {
  readonly prev: Uint8Array
}

export interface Held {
  readonly seq: number
  readonly hash: Uint8Array
}

/** A delivery that counts as made, beside the hash of what was delivered. */
export interface Tick {
  readonly seq: number
  readonly account: AccountId
  readonly device: DeviceKey
  readonly hash: Uint8Array
}

interface TickedRange extends Omit<Tick, 'seq' | 'hash'> {
  readonly from: number
  readonly to: number
}

interface Bytes {
  readonly seq: number
  readonly bytes: Uint8Array
}

/** A database, and what opens it when it is encrypted. */
export interface LockedDatabase {
  readonly path: string
  readonly key: DatabaseKey | undefined
}

const DATA_FILE = 'parley.db'
const TICKED: readonly DeliveryState[] = ['delivered', 'read']
const STREAM_COLUMNS = 'id, device, conversation, epoch, base, up_to AS upTo, frozen_to AS frozenTo, hash, closed'
// One byte more than a message may have is enough to see that it has too many. Of no bytes at all SQLite makes null.
const BYTES = `coalesce(substr(bytes, 1, ${MAX_MESSAGE_BYTES + 1}), x'') AS bytes`
const SEQ = `position & ${MAX_SEQ} AS seq`
/** Parameters stream and two positions of it. */
const IN_RANGE = 'position BETWEEN ((@stream << 32) | @from) AND ((@stream << 32) | @to)'

export class LedgerDatabase {
  /** The path as it was given. */
  readonly path: string
  readonly device: DeviceKey
  readonly account: AccountId
  readonly database: Database
  readonly #streams: Statement<[], LedgerStream>
  readonly #streamsOf: Statement<[DeviceKey], LedgerStream>
  readonly #stream: Statement<[DeviceKey, Epoch], LedgerStream>
  readonly #messages: Statement<[Positions], LedgerMessage>
  readonly #bytes: Statement<[Positions], Bytes>
  readonly #ticked: Statement<[number], TickedRange>
  readonly #withheld: Statement<[number, number, AccountId], { seq: number }>
  readonly #proof: Statement<[], { device: DeviceKey }>
  readonly #vacancies: Statement<[Positions], LedgerVacancy>
  readonly #before: Statement<[number, number], { stream: number; seq: number }>
  readonly #byId: Statement<[number], LedgerStream>
  readonly #states: Statement<[number, number, number], DeliveryState>

  private constructor(path: string, database: Database, owner: { device: DeviceKey; account: AccountId }) {
    this.path = path
    this.database = database
    this.device = owner.device
    this.account = owner.account
    this.#streams = database.prepare(`SELECT ${STREAM_COLUMNS} FROM streams ORDER BY id`)
    this.#streamsOf = database.prepare(`SELECT ${STREAM_COLUMNS} FROM streams WHERE device = ? ORDER BY id`)
    this.#stream = database.prepare(`SELECT ${STREAM_COLUMNS} FROM streams WHERE device = ? AND epoch = ?`)
    this.#messages = database.prepare(
      `SELECT ${SEQ}, lamport, ${BYTES} FROM messages WHERE ${IN_RANGE} ORDER BY position`,
    )
    this.#bytes = database.prepare(`SELECT ${SEQ}, ${BYTES} FROM messages WHERE ${IN_RANGE} ORDER BY position`)
    this.#ticked = database.prepare(
      `SELECT account, device, from_seq AS "from", to_seq AS "to" FROM deliveries
       WHERE stream = ? AND device IS NOT NULL AND state IN ('${TICKED.join("', '")}') ORDER BY from_seq`,
    )
    this.#withheld = database.prepare('SELECT seq FROM withheld WHERE stream = ? AND seq = ? AND account = ?')
    this.#proof = database.prepare('SELECT device FROM devices WHERE proved_at IS NOT NULL LIMIT 1')
    this.#vacancies = database.prepare(
      'SELECT seq, hash, prev FROM vacancies WHERE stream = @stream AND seq BETWEEN @from AND @to ORDER BY seq',
    )
    this.#before = database.prepare(
      'SELECT from_stream AS stream, from_seq AS seq FROM reissues WHERE stream = ? AND seq = ?',
    )
    this.#byId = database.prepare(`SELECT ${STREAM_COLUMNS} FROM streams WHERE id = ?`)
    this.#states = database
      .prepare<[number, number, number], DeliveryState>(
        'SELECT state FROM deliveries WHERE stream = ? AND from_seq <= ? AND to_seq >= ?',
      )
      .pluck()
  }

  /** A profile directory or the database in it, whole and of this version. Throws LedgerError. */
  static open({ path, key }: LockedDatabase): LedgerDatabase {
    let database: Database | undefined
    try {
      database = openDatabaseReadonly(dataFileOf(path), key)
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
  messages({ id }: LedgerStream): IterableIterator<LedgerMessage> {
    return this.#messages.iterate({ stream: id, from: 0, to: MAX_SEQ })
  }

  *positions({ id }: LedgerStream, from = 0, to = MAX_SEQ): Generator<Held> {
    for (const { seq, bytes } of this.#bytes.iterate({ stream: id, from, to })) yield { seq, hash: messageHash(bytes) }
  }

  held({ id }: LedgerStream, seq: number): Held | undefined {
    const row = this.#bytes.get({ stream: id, from: seq, to: seq })
    return row && { seq, hash: messageHash(row.bytes) }
  }

  /** Of what is there; a message that is gone is found where it is missing. */
  *ticks(stream: LedgerStream): Generator<Tick> {
    for (const { account, device, from, to } of this.#ticked.all(stream.id)) {
      for (const held of this.positions(stream, from, to)) yield { ...held, account, device }
    }
  }

  isWithheld({ id }: LedgerStream, seq: number, account: AccountId): boolean {
    return this.#withheld.get(id, seq, account) !== undefined
  }

  /** Whether a device ever proved to this profile that it was set back to an older copy. */
  wasSetBack(): boolean {
    return this.#proof.get() !== undefined
  }

  /** Positions without content, in order. */
  vacancies({ id }: LedgerStream, from: number, to: number): LedgerVacancy[] {
    return this.#vacancies.all({ stream: id, from, to })
  }

  /** Where the same message of this device stood in closed epochs, the latest first. */
  *earlierPlaces({ id }: LedgerStream, seq: number): Generator<{ stream: LedgerStream; seq: number }> {
    for (let at = this.#before.get(id, seq); at !== undefined; at = this.#before.get(at.stream, at.seq)) {
      const stream = this.#byId.get(at.stream)
      if (stream === undefined) return
      yield { stream, seq: at.seq }
    }
  }

  /** How the position stands towards each account that it is owed to. */
  deliveryStates({ id }: LedgerStream, seq: number): DeliveryState[] {
    return this.#states.all(id, seq, seq)
  }

  close(): void {
    this.database.close()
  }
}

interface Positions {
  readonly stream: number
  readonly from: number
  readonly to: number
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
  if (code === 'SQLITE_NOTADB' || code === 'wrong-key') return 'not-a-database'
  if (code.startsWith('SQLITE_CORRUPT')) return 'corrupt'
  return /^(SQLITE_\w+|E[A-Z0-9]+)$/.test(code) ? 'unreadable' : undefined
}

function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error)
}
