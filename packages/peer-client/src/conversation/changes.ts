// What was written can be taken back, changed or deleted: in place as long as it is sealed for nobody, afterwards by a new message.
import { type AccountId, type DeviceKey, LocalMessageId } from '@parley/shared/ids.ts'
import type { MessageView } from '@parley/shared/local-api/messages.ts'
import { DELETE_KIND, EDIT_KIND, encodeDelete, encodeEdit, TEXT_KIND } from '@parley/shared/wire/message-body.ts'
import type { Delivery } from '#delivery/delivery.ts'
import type { Placed } from '#delivery/outbox.ts'
import type { MessageRow } from '#store/messages-table.ts'
import type { Store } from '#store/store.ts'
import type { StreamRow } from '#store/streams-table.ts'
import { ConversationError } from './conversation-error.ts'
import type { Happening } from './conversations.ts'
import type { Feed } from './feed.ts'
import type { MessageViews } from './message-views.ts'
import { referenceTo } from './references.ts'
import type { Revisions } from './revisions.ts'

export interface ChangesDeps {
  readonly store: Store
  readonly delivery: Delivery
  readonly views: MessageViews
  readonly revisions: Revisions
  readonly happenings: Feed<Happening>
  /** Messages that are shown no more on this device. */
  readonly removals: Feed<Removal>
  readonly me: { readonly account: AccountId; readonly device: DeviceKey }
  /** Accepts a message about another one; `also` runs in its transaction. */
  readonly post: (
    account: AccountId,
    content: { kind: string; body: Uint8Array },
    also: (placed: Placed) => void,
  ) => Promise<unknown>
}

export interface Removal {
  readonly id: string
  readonly account: AccountId
}

interface Mine {
  readonly id: LocalMessageId
  readonly row: MessageRow
  readonly stream: StreamRow
  readonly view: MessageView
}

export class Changes {
  readonly #deps: ChangesDeps

  constructor(deps: ChangesDeps) {
    this.#deps = deps
  }

  /** Takes a message back as long as it is sealed for nobody. Throws `already-sent` afterwards. */
  async cancel(id: string): Promise<MessageView> {
    const mine = this.#mine(id)
    const { state } = mine.view
    if (state === 'cancelled') return mine.view
    // An edit in force hides the one before it, which is not kept: it cannot be undone, only followed by another.
    if (mine.view.kind !== TEXT_KIND) throw notEditable('only a text can be taken back; an edit can be edited again')
    if ((await this.#deps.delivery.outbox.cancel(mine.id)) === 'already-sent') {
      throw new ConversationError(
        'already-sent',
        `it is too late: the message is ${state ?? 'gone'} already. ${DELETE_INSTEAD}`,
      )
    }
    return this.#deps.views.view(this.#mine(id).row)
  }

  /** New text, in place or by a message that says so. */
  async edit(id: string, text: string): Promise<MessageView> {
    const { delivery, happenings, me } = this.#deps
    const mine = this.#editable(id)
    const { stream, seq } = mine.row
    if (mine.stream.device === me.device) {
      const outcome = await delivery.outbox.edit(mine.id, Buffer.from(text, 'utf8'))
      if (outcome === 'edited') {
        happenings.publish({ kind: 'edited', stream, from: seq, to: seq })
        return this.#again(id)
      }
    }
    await this.#revise(this.#editable(id), EDIT_KIND, encodeEdit(referenceTo(this.#deps.store, mine.stream, seq), text))
    return this.#again(id)
  }

  /** Shown no more, here and at the other side; what was not sealed yet never leaves. */
  async remove(id: string): Promise<MessageView> {
    const mine = this.#mine(id)
    if (mine.view.deleted !== undefined || mine.view.state === 'cancelled') return mine.view
    this.#editable(id)
    if (mine.stream.device === this.#deps.me.device) {
      if ((await this.#deps.delivery.outbox.cancel(mine.id)) === 'cancelled') return this.#again(id)
    }
    await this.#revise(
      this.#editable(id),
      DELETE_KIND,
      encodeDelete(referenceTo(this.#deps.store, mine.stream, mine.row.seq)),
    )
    return this.#again(id)
  }

  /** Shown no more on this device, whoever wrote it; nobody is told. It stays in its place of the chain. */
  async hide(id: string): Promise<void> {
    const { store, views, removals } = this.#deps
    const row = store.messages.byLocalId(id)
    if (row === undefined) throw new ConversationError('unknown-message', `there is no message ${id}`)
    const account = views.partnerOf(store.streams.conversationOf(row.stream))
    await store.commits.run(() => {
      store.search.changing(row)
      store.hidden.insert(row.stream, row.seq)
    })
    removals.publish({ id, account })
  }

  async #revise({ stream: { conversation } }: Mine, kind: string, body: Uint8Array): Promise<void> {
    const { post, revisions, me, store, views } = this.#deps
    await post(views.partnerOf(conversation), { kind, body }, ({ stream: id, seq, lamport }) => {
      const stream = store.streams.byId(id)
      if (stream !== undefined) revisions.record(me.account, { stream, seq, kind, lamport, body })
    })
  }

  #editable(id: string): Mine {
    const mine = this.#mine(id)
    const { kind, state, deleted } = mine.view
    if (deleted !== undefined) throw notEditable('the message was deleted')
    if (state === 'cancelled' || state === 'expired') throw notEditable(`the message is ${state}: nobody got it`)
    if (kind !== TEXT_KIND) throw notEditable('only a text can be changed')
    return mine
  }

  #mine(id: string): Mine {
    const { store, views } = this.#deps
    const row = store.messages.byLocalId(id)
    const stream = row && store.streams.byId(row.stream)
    if (row === undefined || stream === undefined)
      throw new ConversationError('unknown-message', `there is no message ${id}`)
    const view = views.view(row)
    if (view.direction === 'in') throw notEditable(`${view.with} wrote this, not you`)
    return { id: LocalMessageId.parse(id), row, stream, view }
  }

  #again(id: string): MessageView {
    return this.#mine(id).view
  }
}

const DELETE_INSTEAD = 'parley delete asks the other side to show it no more'

function notEditable(message: string): ConversationError {
  return new ConversationError('not-editable', message)
}
