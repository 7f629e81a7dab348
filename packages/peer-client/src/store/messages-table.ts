import type { ConversationId } from '@parley/shared/ids.ts'
import type { Statement } from 'better-sqlite3'
import type { Database } from './database.ts'

export type Standing = 'shown' | 'early' | 'void'

export interface NewMessage {
  readonly stream: number
  readonly seq: number
  readonly conversation: ConversationId
  readonly localId: string
  readonly standing: Standing
  readonly kind: string
  readonly lamport: number
  readonly messageId: Uint8Array
  readonly sentAt: number
  readonly storedAt: number
  readonly priority: number
  readonly bytes: Uint8Array
  readonly hash: Uint8Array
}

export interface MessageRow extends NewMessage {
  readonly id: number
  readonly contentVersion: number
}

/** What sealing needs of a position. */
export interface PositionRow {
  readonly seq: number
  readonly bytes: Uint8Array
}

const COLUMNS = `id, stream, seq, conversation, local_id AS localId, standing, kind, lamport, message_id AS messageId, sent_at AS sentAt,
  stored_at AS storedAt, priority, content_version AS contentVersion, bytes, hash`

export class MessagesTable {
  readonly #insert: Statement<unknown[]>
  readonly #revise: Statement<[Uint8Array, Uint8Array, string, Standing, number, number]>
  readonly #rechain: Statement<[Uint8Array, Uint8Array, number, number]>
  readonly #positions: Statement<[number, number, number, number], PositionRow>
  readonly #hashAt: Statement<[number, number], { hash: Uint8Array }>
  readonly #head: Statement<[number, number], { priority: number; storedAt: number }>
  readonly #byLocalId: Statement<[string], MessageRow>
  readonly #range: Statement<[number, number, number], MessageRow>
  readonly #early: Statement<[number, number], { seq: number; bytes: Uint8Array; hash: Uint8Array }>
  readonly #countEarly: Statement<[number], { n: number }>
  readonly #show: Statement<[Standing, number, number, number]>
  readonly #remove: Statement<[number, number]>
  readonly #page: Statement<[ConversationId, number, Uint8Array, number], MessageRow>
  readonly #newest: Statement<[ConversationId, number], MessageRow>

  constructor(database: Database) {
    this.#insert = database.prepare(
      `INSERT INTO messages (stream, seq, conversation, local_id, standing, kind, lamport, message_id, sent_at, stored_at, priority, bytes, hash)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    this.#revise = database.prepare(
      `UPDATE messages SET bytes = ?, hash = ?, kind = ?, standing = ?, content_version = content_version + 1 WHERE stream = ? AND seq = ?`,
    )
    this.#rechain = database.prepare('UPDATE messages SET bytes = ?, hash = ? WHERE stream = ? AND seq = ?')
    this.#positions = database.prepare(
      `SELECT seq, bytes FROM messages
       WHERE stream = ? AND seq BETWEEN ? AND ? ORDER BY seq LIMIT ?`,
    )
    this.#hashAt = database.prepare('SELECT hash FROM messages WHERE stream = ? AND seq = ?')
    this.#head = database.prepare('SELECT priority, stored_at AS storedAt FROM messages WHERE stream = ? AND seq = ?')
    this.#byLocalId = database.prepare(`SELECT ${COLUMNS} FROM messages WHERE local_id = ?`)
    this.#range = database.prepare(
      `SELECT ${COLUMNS} FROM messages WHERE stream = ? AND seq BETWEEN ? AND ? ORDER BY seq`,
    )
    this.#early = database.prepare(
      `SELECT seq, bytes, hash FROM messages WHERE stream = ? AND standing = 'early' ORDER BY seq LIMIT ?`,
    )
    this.#countEarly = database.prepare(`SELECT count(*) AS n FROM messages WHERE stream = ? AND standing = 'early'`)
    this.#show = database.prepare('UPDATE messages SET standing = ?, stored_at = ? WHERE stream = ? AND seq = ?')
    this.#remove = database.prepare('DELETE FROM messages WHERE stream = ? AND seq = ?')
    this.#page = database.prepare(
      `SELECT ${COLUMNS} FROM messages WHERE conversation = ? AND (lamport, message_id) < (?, ?) AND standing = 'shown'
       ORDER BY lamport DESC, message_id DESC LIMIT ?`,
    )
    this.#newest = database.prepare(
      `SELECT ${COLUMNS} FROM messages WHERE conversation = ? AND standing = 'shown'
       ORDER BY lamport DESC, message_id DESC LIMIT ?`,
    )
  }

  insert(message: NewMessage): void {
    this.#insert.run(
      message.stream,
      message.seq,
      message.conversation,
      message.localId,
      message.standing,
      message.kind,
      message.lamport,
      message.messageId,
      message.sentAt,
      message.storedAt,
      message.priority,
      message.bytes,
      message.hash,
    )
  }

  /** New content for a position of mine that is not frozen. */
  revise(
    stream: number,
    seq: number,
    content: { bytes: Uint8Array; hash: Uint8Array; kind: string; standing: Standing },
  ): void {
    this.#revise.run(content.bytes, content.hash, content.kind, content.standing, stream, seq)
  }

  /** The same content behind another one. */
  rechain(stream: number, seq: number, { bytes, hash }: { bytes: Uint8Array; hash: Uint8Array }): void {
    this.#rechain.run(bytes, hash, stream, seq)
  }

  positions(stream: number, from: number, to: number, limit: number): PositionRow[] {
    return this.#positions.all(stream, from, to, limit)
  }

  /** Undefined when there is no such position. */
  hashAt(stream: number, seq: number): Uint8Array | undefined {
    return this.#hashAt.get(stream, seq)?.hash
  }

  head(stream: number, seq: number): { priority: number; storedAt: number } | undefined {
    return this.#head.get(stream, seq)
  }

  byLocalId(localId: string): MessageRow | undefined {
    return this.#byLocalId.get(localId)
  }

  range(stream: number, from: number, to: number): MessageRow[] {
    return this.#range.all(stream, from, to)
  }

  /** Stored beyond a gap, in the order of positions. */
  early(stream: number, limit: number): { seq: number; bytes: Uint8Array; hash: Uint8Array }[] {
    return this.#early.all(stream, limit)
  }

  countEarly(stream: number): number {
    return this.#countEarly.get(stream)?.n ?? 0
  }

  show(stream: number, seq: number, standing: Standing, at: number): void {
    this.#show.run(standing, at, stream, seq)
  }

  remove(stream: number, seq: number): void {
    this.#remove.run(stream, seq)
  }

  /** Newest first, older than `before`: the display order, read backwards. */
  page(conversation: ConversationId, limit: number, before?: { lamport: number; messageId: Uint8Array }): MessageRow[] {
    if (before === undefined) return this.#newest.all(conversation, limit)
    return this.#page.all(conversation, before.lamport, before.messageId, limit)
  }
}
