// Edits and deletions: messages about messages. They are kept under the place that they name, whether that message is here or
// not, so one that comes before its target waits for it.
import { messageIdBytes } from '@parley/shared/hashes.ts'
import type { AccountId, LocalMessageId } from '@parley/shared/ids.ts'
import { decodeStoredMessage } from '@parley/shared/wire/message.ts'
import { DELETE_KIND, EDIT_KIND, type MessageReference, readRevision } from '@parley/shared/wire/message-body.ts'
import type { PlacedMessage } from '#delivery/placing.ts'
import { localIdOf } from '#store/local-ids.ts'
import type { Place } from '#store/reissues-table.ts'
import type { RevisionRow } from '#store/revisions-table.ts'
import type { Store } from '#store/store.ts'
import type { StreamRow } from '#store/streams-table.ts'
import { referencesTo, referredTo, twinsOf } from './references.ts'

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
    for (const place of this.#placesOf(revision.of)) this.#store.search.changing(place)
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

  /** Wherever what stood there first may be shown now. */
  #placesOf(of: MessageReference): Place[] {
    const { streams, reissues, origins } = this.#store
    const stream = streams.byEpoch(of.device, of.epoch)?.id
    const first = stream === undefined ? [] : [{ stream, seq: of.seq }]
    const twins = first.flatMap((place) => twinsOf(this.#store, place))
    return [...first, ...first.map((place) => reissues.latest(place)), ...origins.repeatsOf(of), ...twins]
  }

  /** The one in force for a message of `author`. */
  of(author: AccountId, stream: StreamRow, seq: number): Revision | undefined {
    const { conversation } = stream
    const [row] = referencesTo(this.#store, stream, seq)
      .flatMap((of) => this.#store.revisions.find({ ...of, conversation, author }) ?? [])
      .sort(inForceFirst)
    return row && this.#read(row)
  }

  /** The message that an edit or a deletion is about, as far as it is here and of the same author. */
  target(kind: string, body: Uint8Array, revising: StreamRow, author: AccountId): LocalMessageId | undefined {
    const of = readRevision(kind, body)?.of
    const isTheirs = of?.device === revising.device || (of && this.#store.devices.get(of.device)?.account === author)
    return of !== undefined && isTheirs ? referredTo(this.#store, of, revising.conversation) : undefined
  }

  #read({ kind, stream, seq }: RevisionRow): Revision | undefined {
    const bytes = this.#store.messages.bytesAt(stream, seq)
    const tag = this.#store.streams.byId(stream)?.tag
    if (bytes === undefined || tag === undefined) return undefined
    const message = decodeStoredMessage(bytes)
    // An edit that was taken back before it left is a void position now.
    if (message.kind !== EDIT_KIND && message.kind !== DELETE_KIND) return undefined
    const text = readRevision(message.kind, message.body)?.text ?? ''
    return { kind, by: localIdOf(tag, seq), stream, seq, at: message.sentAt, text }
  }
}

/** As the table decides between two of one place. */
function inForceFirst(a: RevisionRow, b: RevisionRow): number {
  if (a.kind !== b.kind) return a.kind === 'delete' ? -1 : 1
  return b.lamport - a.lamport || Buffer.compare(b.messageId, a.messageId)
}
