import type { AccountId, ConversationId, DeviceKey, Epoch } from '@parley/shared/ids.ts'
import type { Statement } from 'better-sqlite3'
import type { Database } from './database.ts'

/** One device's messages in one conversation. See the schema for what each number counts in my streams and in theirs. */
export interface StreamRow {
  readonly id: number
  readonly tag: string
  readonly device: DeviceKey
  readonly conversation: ConversationId
  readonly epoch: Epoch
  readonly base: number
  readonly upTo: number
  readonly frozenTo: number
  /** Of position `upTo`. */
  readonly hash: Uint8Array | null
  readonly closed: number
  /** The closed epoch that this one goes on from. */
  readonly follows: Epoch | null
}

type NewStream = Pick<StreamRow, 'tag' | 'device' | 'conversation' | 'epoch' | 'base'> & {
  readonly follows?: Epoch | null | undefined
}

const COLUMNS =
  'id, tag, device, conversation, epoch, base, up_to AS upTo, frozen_to AS frozenTo, hash, closed, follows'

export class StreamsTable {
  readonly #insert: Statement<[string, DeviceKey, ConversationId, Epoch, number, number, number, Epoch | null]>
  readonly #byId: Statement<[number], StreamRow>
  readonly #byEpoch: Statement<[DeviceKey, Epoch], StreamRow>
  readonly #open: Statement<[DeviceKey, ConversationId], StreamRow>
  readonly #allOpen: Statement<[DeviceKey], StreamRow>
  readonly #lastClosed: Statement<[DeviceKey, ConversationId], StreamRow>
  readonly #close: Statement<[number]>
  readonly #ofDevice: Statement<[DeviceKey, number, number], StreamRow>
  readonly #countOfDevice: Statement<[DeviceKey], { n: number }>
  readonly #countOfAccount: Statement<[AccountId], { n: number }>
  readonly #inConversation: Statement<[ConversationId, Epoch], StreamRow>
  readonly #ofConversation: Statement<[ConversationId], StreamRow>
  readonly #all: Statement<[], StreamRow>
  readonly #accepted: Statement<[number, Uint8Array, number]>
  readonly #rehashed: Statement<[Uint8Array, number]>
  readonly #froze: Statement<[number, number]>
  readonly #received: Statement<[number, number, Uint8Array, number]>

  constructor(database: Database) {
    this.#insert = database.prepare(
      'INSERT INTO streams (tag, device, conversation, epoch, base, up_to, frozen_to, follows) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    )
    this.#byId = database.prepare(`SELECT ${COLUMNS} FROM streams WHERE id = ?`)
    this.#byEpoch = database.prepare(`SELECT ${COLUMNS} FROM streams WHERE device = ? AND epoch = ?`)
    this.#open = database.prepare(
      `SELECT ${COLUMNS} FROM streams WHERE device = ? AND conversation = ? AND closed = 0 ORDER BY id DESC LIMIT 1`,
    )
    this.#allOpen = database.prepare(`SELECT ${COLUMNS} FROM streams WHERE device = ? AND closed = 0 ORDER BY id`)
    this.#lastClosed = database.prepare(
      `SELECT ${COLUMNS} FROM streams WHERE device = ? AND conversation = ? AND closed = 1 ORDER BY id DESC LIMIT 1`,
    )
    this.#close = database.prepare('UPDATE streams SET closed = 1, frozen_to = up_to WHERE id = ?')
    this.#ofDevice = database.prepare(`SELECT ${COLUMNS} FROM streams WHERE device = ? AND id > ? ORDER BY id LIMIT ?`)
    this.#countOfDevice = database.prepare('SELECT count(*) AS n FROM streams WHERE device = ?')
    this.#countOfAccount = database.prepare(
      'SELECT count(*) AS n FROM streams WHERE device IN (SELECT device FROM devices WHERE account = ?)',
    )
    this.#inConversation = database.prepare(
      `SELECT ${COLUMNS} FROM streams WHERE conversation = ? AND epoch = ? ORDER BY id LIMIT 1`,
    )
    this.#ofConversation = database.prepare(`SELECT ${COLUMNS} FROM streams WHERE conversation = ? ORDER BY id`)
    this.#all = database.prepare(`SELECT ${COLUMNS} FROM streams ORDER BY id`)
    this.#accepted = database.prepare('UPDATE streams SET up_to = ?, hash = ? WHERE id = ?')
    this.#rehashed = database.prepare('UPDATE streams SET hash = ? WHERE id = ?')
    this.#froze = database.prepare('UPDATE streams SET frozen_to = ? WHERE id = ?')
    this.#received = database.prepare('UPDATE streams SET up_to = ?, frozen_to = ?, hash = ? WHERE id = ?')
  }

  /** A stream that holds nothing yet: its next position is `base`. */
  insert(stream: NewStream): StreamRow {
    const { tag, device, conversation, epoch, base, follows = null } = stream
    const upTo = base - 1
    const { lastInsertRowid } = this.#insert.run(tag, device, conversation, epoch, base, upTo, upTo, follows)
    return { ...stream, id: Number(lastInsertRowid), upTo, frozenTo: upTo, hash: null, closed: 0, follows }
  }

  byId(id: number): StreamRow | undefined {
    return this.#byId.get(id)
  }

  conversationOf(id: number): ConversationId {
    const stream = this.byId(id)
    if (stream === undefined) throw new Error(`there is no stream ${id}`)
    return stream.conversation
  }

  byEpoch(device: DeviceKey, epoch: Epoch): StreamRow | undefined {
    return this.#byEpoch.get(device, epoch)
  }

  /** The stream that new messages of the device go to. */
  open(device: DeviceKey, conversation: ConversationId): StreamRow | undefined {
    return this.#open.get(device, conversation)
  }

  allOpen(device: DeviceKey): StreamRow[] {
    return this.#allOpen.all(device)
  }

  /** The one that a new stream of the device in the conversation goes on from. */
  lastClosed(device: DeviceKey, conversation: ConversationId): StreamRow | undefined {
    return this.#lastClosed.get(device, conversation)
  }

  /** Nothing is added to it any more, and nothing in it changes. */
  close(stream: number): void {
    this.#close.run(stream)
  }

  /** In the order of their first sight, after the stream `after`. */
  ofDevice(device: DeviceKey, after: number, limit: number): StreamRow[] {
    return this.#ofDevice.all(device, after, limit)
  }

  countOfDevice(device: DeviceKey): number {
    return this.#countOfDevice.get(device)?.n ?? 0
  }

  countOfAccount(account: AccountId): number {
    return this.#countOfAccount.get(account)?.n ?? 0
  }

  /** The first of this epoch, whoever's it is. */
  inConversation(conversation: ConversationId, epoch: Epoch): StreamRow | undefined {
    return this.#inConversation.get(conversation, epoch)
  }

  ofConversation(conversation: ConversationId): StreamRow[] {
    return this.#ofConversation.all(conversation)
  }

  all(): StreamRow[] {
    return this.#all.all()
  }

  setAccepted(stream: number, upTo: number, hash: Uint8Array): void {
    this.#accepted.run(upTo, hash, stream)
  }

  /** The last position was revised, or chained to another one. */
  setHash(stream: number, hash: Uint8Array): void {
    this.#rehashed.run(hash, stream)
  }

  setFrozen(stream: number, frozenTo: number): void {
    this.#froze.run(frozenTo, stream)
  }

  setReceived(stream: number, upTo: number, hash: Uint8Array): void {
    this.#received.run(upTo, upTo, hash, stream)
  }
}
