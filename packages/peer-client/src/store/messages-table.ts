import { messageHash } from '@parley/shared/hashes.ts'
import { MAX_SEQ } from '@parley/shared/limits.ts'
import type { Statement } from 'better-sqlite3'
import type { Database } from './database.ts'
import { readLocalId } from './local-ids.ts'
import { ReissuesTable } from './reissues-table.ts'

/** A position of a stream, and what is there. Whatever else there is to know of a message is in its bytes. */
export interface MessageRow {
  readonly stream: number
  readonly seq: number
  /** The Lamport value that its author gave it, raised where an author let it fall: it rises along every stream. */
  readonly lamport: number
  /** Unix milliseconds: accepted here, or placed here. */
  readonly storedAt: number
  readonly contentVersion: number
  readonly bytes: Uint8Array
}

export type NewMessage = Omit<MessageRow, 'contentVersion'>

/** What sealing needs of a position. */
export interface PositionRow {
  readonly seq: number
  readonly bytes: Uint8Array
}

/** A position's key; parameters stream and seq. */
const POSITION = '((? << 32) | ?)'
const COLUMNS = `position >> 32 AS stream, position & ${MAX_SEQ} AS seq, lamport, stored_at AS storedAt,
  content_version AS contentVersion, bytes`

export class MessagesTable {
  readonly #reissues: ReissuesTable
  readonly #insert: Statement<[number, number, number, number, Uint8Array]>
  readonly #insertAgain: Statement<[number, number, number, number, number, Uint8Array]>
  readonly #revise: Statement<[Uint8Array, number, number]>
  readonly #rechain: Statement<[Uint8Array, number, number]>
  readonly #positions: Statement<[number, number, number, number, number], PositionRow>
  readonly #bytesAt: Statement<[number, number], { bytes: Uint8Array }>
  readonly #lamportAt: Statement<[number, number], { lamport: number }>
  readonly #lamportUpTo: Statement<[number, number, number, number], { lamport: number }>
  readonly #lamportFrom: Statement<[number, number, number, number], { lamport: number }>
  readonly #byLocalId: Statement<[number, string], MessageRow>
  readonly #at: Statement<[number, number], MessageRow>
  readonly #range: Statement<[number, number, number, number], MessageRow>
  readonly #backwards: Statement<[number, number, number, number, number], MessageRow>
  readonly #count: Statement<[number, number, number, number], { n: number }>
  readonly #place: Statement<[number, number, number, number]>
  readonly #remove: Statement<[number, number]>

  constructor(database: Database, reissues = new ReissuesTable(database)) {
    this.#reissues = reissues
    const between = `position BETWEEN ${POSITION} AND ${POSITION}`
    this.#insert = database.prepare(
      `INSERT INTO messages (position, lamport, stored_at, bytes) VALUES (${POSITION}, ?, ?, ?)`,
    )
    this.#insertAgain = database.prepare(
      `INSERT INTO messages (position, lamport, stored_at, content_version, bytes) VALUES (${POSITION}, ?, ?, ?, ?)`,
    )
    this.#revise = database.prepare(
      `UPDATE messages SET bytes = ?, content_version = content_version + 1 WHERE position = ${POSITION}`,
    )
    this.#rechain = database.prepare(`UPDATE messages SET bytes = ? WHERE position = ${POSITION}`)
    this.#positions = database.prepare(
      `SELECT position & ${MAX_SEQ} AS seq, bytes FROM messages WHERE ${between} ORDER BY position LIMIT ?`,
    )
    this.#bytesAt = database.prepare(`SELECT bytes FROM messages WHERE position = ${POSITION}`)
    this.#lamportAt = database.prepare(`SELECT lamport FROM messages WHERE position = ${POSITION}`)
    this.#lamportUpTo = database.prepare(`SELECT lamport FROM messages WHERE ${between} ORDER BY position DESC LIMIT 1`)
    this.#lamportFrom = database.prepare(`SELECT lamport FROM messages WHERE ${between} ORDER BY position LIMIT 1`)
    this.#at = database.prepare(`SELECT ${COLUMNS} FROM messages WHERE position = ${POSITION}`)
    this.#byLocalId = database.prepare(
      `SELECT ${COLUMNS} FROM streams s JOIN messages ON position = ((s.id << 32) | ?) WHERE s.tag = ?`,
    )
    this.#range = database.prepare(`SELECT ${COLUMNS} FROM messages WHERE ${between} ORDER BY position`)
    this.#backwards = database.prepare(
      `SELECT ${COLUMNS} FROM messages WHERE ${between} ORDER BY position DESC LIMIT ?`,
    )
    this.#count = database.prepare(`SELECT count(*) AS n FROM messages WHERE ${between}`)
    this.#place = database.prepare(`UPDATE messages SET lamport = ?, stored_at = ? WHERE position = ${POSITION}`)
    this.#remove = database.prepare(`DELETE FROM messages WHERE position = ${POSITION}`)
  }

  insert({ stream, seq, lamport, storedAt, bytes }: NewMessage): void {
    this.#insert.run(stream, seq, lamport, storedAt, bytes)
  }

  /** The same message at another position; it keeps its history. */
  insertAgain({ stream, seq, lamport, storedAt, contentVersion, bytes }: MessageRow): void {
    this.#insertAgain.run(stream, seq, lamport, storedAt, contentVersion, bytes)
  }

  /** New content for a position of mine that is not frozen. */
  revise(stream: number, seq: number, bytes: Uint8Array): void {
    this.#revise.run(bytes, stream, seq)
  }

  /** The same content behind another one. */
  rechain(stream: number, seq: number, bytes: Uint8Array): void {
    this.#rechain.run(bytes, stream, seq)
  }

  positions(stream: number, from: number, to: number, limit: number): PositionRow[] {
    return this.#positions.all(stream, from, stream, to, limit)
  }

  /** The same, for a reader that may stop early. */
  eachPosition(stream: number, from: number, to: number): IterableIterator<PositionRow> {
    return this.#positions.iterate(stream, from, stream, to, -1)
  }

  bytesAt(stream: number, seq: number): Uint8Array | undefined {
    return this.#bytesAt.get(stream, seq)?.bytes
  }

  /** Undefined when there is no such position. */
  hashAt(stream: number, seq: number): Uint8Array | undefined {
    const bytes = this.bytesAt(stream, seq)
    return bytes === undefined ? undefined : messageHash(bytes)
  }

  lamportAt(stream: number, seq: number): number | undefined {
    return this.#lamportAt.get(stream, seq)?.lamport
  }

  /** Of the last position up to `seq` that has content. */
  lamportUpTo(stream: number, seq: number): number | undefined {
    return this.#lamportUpTo.get(stream, 1, stream, seq)?.lamport
  }

  /** Of the first position from `seq` on that has content. */
  lamportFrom(stream: number, seq: number): number | undefined {
    return this.#lamportFrom.get(stream, seq, stream, MAX_SEQ)?.lamport
  }

  at(stream: number, seq: number): MessageRow | undefined {
    return this.#at.get(stream, seq)
  }

  /** Where the message stands now: the id stays the same when it went on in a new epoch. */
  byLocalId(localId: string): MessageRow | undefined {
    const id = readLocalId(localId)
    const row = id === undefined ? undefined : this.#byLocalId.get(id.seq, id.tag)
    if (row === undefined) return undefined
    const latest = this.#reissues.latest(row)
    return latest === row ? row : this.at(latest.stream, latest.seq)
  }

  range(stream: number, from: number, to: number): MessageRow[] {
    return this.#range.all(stream, from, stream, to)
  }

  /** The last ones of a range first. */
  backwards(stream: number, from: number, to: number, limit: number): MessageRow[] {
    return this.#backwards.all(stream, from, stream, to, limit)
  }

  /** How many wait beyond position `upTo` of somebody else's stream: the chain has not come to them yet. */
  countEarly(stream: number, upTo: number): number {
    return this.#count.get(stream, upTo + 1, stream, MAX_SEQ)?.n ?? 0
  }

  early(stream: number, upTo: number, limit: number): PositionRow[] {
    return this.positions(stream, upTo + 1, MAX_SEQ, limit)
  }

  /** The chain came to an early one. */
  place(stream: number, seq: number, lamport: number, at: number): void {
    this.#place.run(lamport, at, stream, seq)
  }

  remove(stream: number, seq: number): void {
    this.#remove.run(stream, seq)
  }
}
