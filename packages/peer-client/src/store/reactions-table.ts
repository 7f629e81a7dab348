import type { AccountId, ConversationId, DeviceKey, Epoch } from '@parley/shared/ids.ts'
import type { Statement } from 'better-sqlite3'
import type { Database } from './database.ts'
import { RareRows } from './rare-rows.ts'

/** The place that a reaction names; the message need not be here yet. */
export interface ReactedPlace {
  readonly conversation: ConversationId
  readonly device: DeviceKey
  readonly epoch: Epoch
  readonly seq: number
}

export interface ReactionRow {
  readonly author: AccountId
  readonly lamport: number
  readonly messageId: Uint8Array
  /** Where the reaction itself stands, and with it its emoji. */
  readonly stream: number
  readonly seq: number
}

/** For each message, the latest reaction of each account; one that was taken back stays, or an earlier one would come back. */
export class ReactionsTable {
  readonly #rows: RareRows
  readonly #put: Statement<unknown[]>
  readonly #of: Statement<[ConversationId, DeviceKey, Epoch, number], ReactionRow>

  constructor(database: Database) {
    this.#rows = new RareRows(database, 'reactions')
    // The order is that of the screen, so it does not matter in which order they came.
    this.#put = database.prepare(
      `INSERT INTO reactions (conversation, device, epoch, seq, author, lamport, message_id, by_stream, by_seq)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (conversation, device, epoch, seq, author) DO UPDATE SET lamport = excluded.lamport,
         message_id = excluded.message_id, by_stream = excluded.by_stream, by_seq = excluded.by_seq
       WHERE (excluded.lamport, excluded.message_id) > (reactions.lamport, reactions.message_id)`,
    )
    this.#of = database.prepare(
      `SELECT author, lamport, message_id AS messageId, by_stream AS stream, by_seq AS seq FROM reactions
       WHERE conversation = ? AND device = ? AND epoch = ? AND seq = ? ORDER BY lamport, message_id`,
    )
  }

  get areNone(): boolean {
    return this.#rows.areNone
  }

  put({ conversation, device, epoch, seq }: ReactedPlace, by: ReactionRow): void {
    this.#rows.add()
    this.#put.run(conversation, device, epoch, seq, by.author, by.lamport, by.messageId, by.stream, by.seq)
  }

  /** The earliest first. */
  of({ conversation, device, epoch, seq }: ReactedPlace): ReactionRow[] {
    return this.#rows.areNone ? [] : this.#of.all(conversation, device, epoch, seq)
  }
}
