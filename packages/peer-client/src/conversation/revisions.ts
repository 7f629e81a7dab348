// Edits and deletions: messages about messages. They are kept under the place that they name, whether that message is here or
// not, so one that comes before its target waits for it.
import { messageIdBytes } from '@parley/shared/hashes.ts'
import type { AccountId, LocalMessageId } from '@parley/shared/ids.ts'
import { decodeMessage } from '@parley/shared/wire/message.ts'
import { DELETE_KIND, EDIT_KIND, type MessageReference, readRevision } from '@parley/shared/wire/message-body.ts'
import type { PlacedMessage } from '#delivery/placing.ts'
import { localIdOf } from '#store/local-ids.ts'
import type { RevisionRow } from '#store/revisions-table.ts'
import type { Store } from '#store/store.ts'
import type { StreamRow } from '#store/streams-table.ts'

/** What became of a message after it was sent. */
export interface Revision {
  readonly kind: 'edit' | 'delete'
  /** The message that says so. */
  readonly by: LocalMessageId
  readonly stream: number
  readonly seq: number
  /** Unix milliseconds, by the author's clock. */
  readonly at: number
  /** Empty when it was deleted. */
  readonly text: string
}

export class Revisions {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  /** Inside a transaction. Nothing for a message that revises none. */
  record(author: AccountId, { stream, seq, kind, lamport, body }: PlacedMessage): void {
    const revision = readRevision(kind, body)
    if (revision === undefined) return
    this.#store.revisions.put(
      { ...revision.of, conversation: stream.conversation, author },
      {
        kind: kind === DELETE_KIND ? 'delete' : 'edit',
        lamport,
        messageId: messageIdBytes(stream.device, stream.epoch, seq),
        stream: stream.id,
        seq,
      },
    )
  }

  /** The one in force for a message of `author`. */
  of(author: AccountId, stream: StreamRow, seq: number): Revision | undefined {
    const { conversation } = stream
    const row = this.#store.revisions.find({ ...referenceTo(this.#store, stream, seq), conversation, author })
    return row && this.#read(row)
  }

  /** The message that an edit or a deletion is about, as far as it is here and of the same author. */
  target(kind: string, body: Uint8Array, revising: StreamRow, author: AccountId): LocalMessageId | undefined {
    const of = readRevision(kind, body)?.of
    const stream = of && this.#store.streams.byEpoch(of.device, of.epoch)
    if (of === undefined || (stream ?? revising).conversation !== revising.conversation) return undefined
    const isTheirs = of.device === revising.device || this.#store.devices.get(of.device)?.account === author
    if (!isTheirs) return undefined
    const isHeld = stream !== undefined && of.seq >= stream.base && of.seq <= stream.upTo
    return isHeld ? localIdOf(stream.tag, of.seq) : this.#repeatOf(of)
  }

  /** The message came only after its epoch was closed, in the next one. */
  #repeatOf(of: MessageReference): LocalMessageId | undefined {
    const repeat = this.#store.origins.repeatsOf(of).find(({ stream, seq }) => !this.#store.hidden.has(stream, seq))
    return repeat && this.#store.localIdAt(repeat)
  }

  #read({ kind, stream, seq }: RevisionRow): Revision | undefined {
    const bytes = this.#store.messages.bytesAt(stream, seq)
    const tag = this.#store.streams.byId(stream)?.tag
    if (bytes === undefined || tag === undefined) return undefined
    const message = decodeMessage(bytes)
    // An edit that was taken back before it left is a void position now.
    if (message.kind !== EDIT_KIND && message.kind !== DELETE_KIND) return undefined
    const text = readRevision(message.kind, message.body)?.text ?? ''
    return { kind, by: localIdOf(tag, seq), stream, seq, at: message.sentAt, text }
  }
}

/** Names a message by where it stood first: so everybody names it alike, whatever epochs were closed since. */
export function referenceTo(store: Store, stream: StreamRow, seq: number): MessageReference {
  const { device, epoch } = stream
  const bytes = stream.follows === null ? undefined : store.messages.bytesAt(stream.id, seq)
  const origin = bytes && decodeMessage(bytes).origin
  // What another device issued first, before this one was restored from it, is named by where it stands here.
  const isOwn = origin !== undefined && store.streams.byEpoch(device, origin.epoch) !== undefined
  return isOwn ? { device, epoch: origin.epoch, seq: origin.seq } : { device, epoch, seq }
}
