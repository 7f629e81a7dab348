// What people think of messages, in one emoji each. Kept under the place that is named, whether that message is here or not, so one
// that comes before its target waits for it.
import { messageIdBytes } from '@parley/shared/hashes.ts'
import type { AccountId, LocalMessageId } from '@parley/shared/ids.ts'
import type { Reaction } from '@parley/shared/local-api/messages.ts'
import { decodeStoredMessage } from '@parley/shared/wire/message.ts'
import { REACTION_KIND, readReaction } from '@parley/shared/wire/message-body.ts'
import type { PlacedMessage } from '#delivery/placing.ts'
import { localIdOf } from '#store/local-ids.ts'
import type { ReactionRow } from '#store/reactions-table.ts'
import type { Store } from '#store/store.ts'
import type { StreamRow } from '#store/streams-table.ts'
import { referencesTo, referredTo } from './references.ts'

/** What one account thinks of a message now. */
interface Opinion {
  readonly author: AccountId
  /** The message that says so. */
  readonly by: LocalMessageId
  /** Empty when it was taken back. */
  readonly emoji: string
  /** Unix milliseconds, by its author's clock. */
  readonly at: number
}

export class Reactions {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  /** Inside a transaction. Nothing for a message that is no reaction. */
  record(author: AccountId, { stream, seq, kind, lamport, body }: PlacedMessage): void {
    const reaction = kind === REACTION_KIND ? readReaction(body) : undefined
    if (reaction === undefined) return
    const messageId = messageIdBytes(stream.device, stream.epoch, seq)
    const { conversation } = stream
    this.#store.reactions.put({ ...reaction.of, conversation }, { author, lamport, messageId, stream: stream.id, seq })
  }

  /** Under a message, by emoji; undefined when there are none. */
  under(stream: StreamRow, seq: number, me: AccountId): Reaction[] | undefined {
    if (this.#store.reactions.areNone) return undefined
    const byEmoji = new Map<string, Reaction['by']>()
    for (const { author, emoji, at } of this.#of(stream, seq)) {
      if (emoji === '') continue
      const by = byEmoji.get(emoji) ?? []
      byEmoji.set(emoji, [...by, { account: author, direction: author === me ? 'out' : 'in', at }])
    }
    return byEmoji.size === 0 ? undefined : [...byEmoji].map(([emoji, by]) => ({ emoji, by }))
  }

  /** The last word of one account. */
  ofAccount(author: AccountId, stream: StreamRow, seq: number): Opinion | undefined {
    return this.#of(stream, seq).find((opinion) => opinion.author === author)
  }

  /** The message that a reaction is about, when it is here. */
  target(body: Uint8Array, { conversation }: StreamRow): LocalMessageId | undefined {
    const of = readReaction(body)?.of
    return of && referredTo(this.#store, of, conversation)
  }

  #of(stream: StreamRow, seq: number): Opinion[] {
    const { conversation } = stream
    const rows = referencesTo(this.#store, stream, seq)
      .flatMap((of) => this.#store.reactions.of({ ...of, conversation }))
      .sort((a, b) => a.lamport - b.lamport || Buffer.compare(a.messageId, b.messageId))
    const latest = rows.filter(({ author }, at) => !rows.slice(at + 1).some((later) => later.author === author))
    return latest.map((row) => this.#read(row)).filter((opinion) => opinion !== undefined)
  }

  #read({ author, stream, seq }: ReactionRow): Opinion | undefined {
    const tag = this.#store.streams.byId(stream)?.tag
    const by = tag && localIdOf(tag, seq)
    // Where it stands now: one of mine may have been changed in a later epoch.
    const row = by && this.#store.messages.byLocalId(by)
    if (!by || !row) return undefined
    const { kind, body, sentAt: at } = decodeStoredMessage(row.bytes)
    const reaction = kind === REACTION_KIND ? readReaction(body) : undefined
    return reaction && { author, by, emoji: reaction.emoji, at }
  }
}
