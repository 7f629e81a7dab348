// The user says what he thinks of a message, or takes it back. As long as the last word has not left, a new one takes its place.
import type { AccountId, DeviceKey } from '@parley/shared/ids.ts'
import type { MessageView } from '@parley/shared/local-api/messages.ts'
import { encodeReaction, REACTION_KIND, TEXT_KIND } from '@parley/shared/wire/message-body.ts'
import type { Delivery } from '#delivery/delivery.ts'
import type { Placed } from '#delivery/outbox.ts'
import type { Store } from '#store/store.ts'
import { ConversationError } from './conversation-error.ts'
import type { Happening } from './conversations.ts'
import type { Feed } from './feed.ts'
import type { MessageViews } from './message-views.ts'
import type { Reactions } from './reactions.ts'
import { referenceTo } from './references.ts'

export interface ReactingDeps {
  readonly store: Store
  readonly delivery: { readonly outbox: Pick<Delivery['outbox'], 'edit'> }
  readonly views: MessageViews
  readonly reactions: Reactions
  readonly happenings: Feed<Happening>
  readonly me: { readonly account: AccountId; readonly device: DeviceKey }
  /** Accepts a message about another one; `also` runs in its transaction. */
  readonly post: (
    account: AccountId,
    content: { kind: string; critical: boolean; body: Uint8Array },
    also: (placed: Placed) => void,
  ) => Promise<unknown>
}

export class Reacting {
  readonly #deps: ReactingDeps

  constructor(deps: ReactingDeps) {
    this.#deps = deps
  }

  /** One emoji, or an empty text for none. Throws ConversationError `unknown-message` or `not-editable`. */
  async react(id: string, emoji: string): Promise<MessageView> {
    const { store, views, reactions, me } = this.#deps
    const row = store.messages.byLocalId(id)
    const stream = row && store.streams.byId(row.stream)
    if (row === undefined || stream === undefined)
      throw new ConversationError('unknown-message', `there is no message ${id}`)
    const { kind, deleted } = views.view(row)
    if (kind !== TEXT_KIND || deleted !== undefined)
      throw new ConversationError('not-editable', 'there is nothing left of this message to react to')
    const before = reactions.ofAccount(me.account, stream, row.seq)
    if ((before?.emoji ?? '') !== emoji) {
      const body = encodeReaction(referenceTo(store, stream, row.seq), emoji)
      const isChanged = before !== undefined && (await this.#change(before.by, body))
      if (!isChanged) await this.#post(views.partnerOf(stream.conversation), body)
    }
    return views.view(row)
  }

  /** True when the last one was still here and says the new thing now. */
  async #change(by: string, body: Uint8Array): Promise<boolean> {
    const { store, delivery, happenings, me } = this.#deps
    const row = store.messages.byLocalId(by)
    if (row === undefined || store.streams.byId(row.stream)?.device !== me.device) return false
    if ((await delivery.outbox.edit(store.localIdAt(row), body)) === 'already-sent') return false
    happenings.publish({ kind: 'edited', stream: row.stream, from: row.seq, to: row.seq })
    return true
  }

  async #post(account: AccountId, body: Uint8Array): Promise<void> {
    const { store, reactions, me, post } = this.#deps
    // Whoever does not know reactions misses none: they are not critical.
    await post(account, { kind: REACTION_KIND, critical: false, body }, ({ stream: id, seq, lamport }) => {
      const stream = store.streams.byId(id)
      if (stream !== undefined) reactions.record(me.account, { stream, seq, kind: REACTION_KIND, lamport, body })
    })
  }
}
