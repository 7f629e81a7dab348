import type { AccountId, ConversationId, DeviceKey, Epoch } from '@parley/shared/ids.ts'
import type { Statement } from 'better-sqlite3'
import type { Database } from './database.ts'

/** The place that an edit or a deletion names; the message need not be here yet. */
export interface RevisedPlace {
  readonly conversation: ConversationId
  readonly device: DeviceKey
  readonly epoch: Epoch
  readonly seq: number
  /** Who wrote the edit. It counts only when the message is of the same account. */
  readonly author: AccountId
}

export interface RevisionRow {
  readonly kind: 'edit' | 'delete'
  readonly lamport: number
  readonly messageId: Uint8Array
  /** Where the edit itself stands, and with it its text. */
  readonly stream: number
  readonly seq: number
}

/** For each message, the one edit or deletion of its author that is in force; a deletion for good, else the latest edit. */
export class RevisionsTable {
  readonly #put: Statement<unknown[]>
  readonly #find: Statement<[ConversationId, DeviceKey, Epoch, number, AccountId], RevisionRow>

  constructor(database: Database) {
    // The order is that of the screen, so it does not matter in which order they came.
    this.#put = database.prepare(
      `INSERT INTO revisions (conversation, device, epoch, seq, author, kind, lamport, message_id, by_stream, by_seq)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (conversation, device, epoch, seq, author) DO UPDATE SET kind = excluded.kind,
         lamport = excluded.lamport, message_id = excluded.message_id, by_stream = excluded.by_stream, by_seq = excluded.by_seq
       WHERE revisions.kind <> 'delete' AND (excluded.kind = 'delete' OR
         (excluded.lamport, excluded.message_id) > (revisions.lamport, revisions.message_id))`,
    )
    this.#find = database.prepare(
      `SELECT kind, lamport, message_id AS messageId, by_stream AS stream, by_seq AS seq FROM revisions
       WHERE conversation = ? AND device = ? AND epoch = ? AND seq = ? AND author = ?`,
    )
  }

  put({ conversation, device, epoch, seq, author }: RevisedPlace, by: RevisionRow): void {
    this.#put.run(conversation, device, epoch, seq, author, by.kind, by.lamport, by.messageId, by.stream, by.seq)
  }

  find({ conversation, device, epoch, seq, author }: RevisedPlace): RevisionRow | undefined {
    return this.#find.get(conversation, device, epoch, seq, author)
  }
}
