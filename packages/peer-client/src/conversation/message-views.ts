import { directConversationId } from '@parley/shared/hashes.ts'
import type { AccountId, ConversationId, DeviceKey } from '@parley/shared/ids.ts'
import { MAX_QUOTED_CHARS } from '@parley/shared/limits.ts'
import type { MessageView } from '@parley/shared/local-api/messages.ts'
import { isLine } from '@parley/shared/wire/lines.ts'
import {
  DEFAULT_PRIORITY,
  decodeStoredMessage,
  type Message,
  PRIORITIES,
  VOID_KIND,
} from '@parley/shared/wire/message.ts'
import {
  DELETE_KIND,
  EDIT_KIND,
  type MessageReference,
  REACTION_KIND,
  readReaction,
  readRevision,
  TEXT_KIND,
} from '@parley/shared/wire/message-body.ts'
import type { MessageRow } from '#store/messages-table.ts'
import type { Store } from '#store/store.ts'
import type { StreamRow } from '#store/streams-table.ts'
import type { Contacts } from './contacts.ts'
import type { Reactions } from './reactions.ts'
import { referredTo } from './references.ts'
import type { Revision, Revisions } from './revisions.ts'

const ABOUT_ONE: ReadonlySet<string> = new Set([EDIT_KIND, DELETE_KIND, REACTION_KIND])

interface Me {
  readonly account: AccountId
  readonly device: DeviceKey
}

interface MessageViewsDeps {
  readonly store: Store
  readonly contacts: Pick<Contacts, 'label'>
  readonly revisions: Revisions
  readonly reactions: Reactions
  readonly me: Me
}

/** Turns stored messages into what people and programs see. */
export class MessageViews {
  readonly #store: Store
  readonly #contacts: Pick<Contacts, 'label'>
  readonly #revisions: Revisions
  readonly #reactions: Reactions
  readonly #me: Me
  readonly #partners = new Map<ConversationId, AccountId>()

  constructor({ store, contacts, revisions, reactions, me }: MessageViewsDeps) {
    this.#store = store
    this.#contacts = contacts
    this.#revisions = revisions
    this.#reactions = reactions
    this.#me = me
  }

  view(row: MessageRow): MessageView {
    const stream = this.#store.streams.byId(row.stream)
    if (stream === undefined) throw new Error(`message ${row.seq} belongs to no stream`)
    return this.#viewIn(stream, row, decodeStoredMessage(row.bytes))
  }

  byId(localId: string): MessageView | undefined {
    const row = this.#store.messages.byLocalId(localId)
    return row === undefined ? undefined : this.view(row)
  }

  /**
   * What programs are told of a range of positions, in order: messages, and edits, deletions and reactions, which say in `about`
   * which message they are about. One whose message is not here waits for it, and is not told.
   */
  rows(stream: number, from: number, to: number): { row: MessageRow; view: MessageView }[] {
    const of = this.#store.streams.byId(stream)
    if (of === undefined) return []
    const shown: { row: MessageRow; view: MessageView }[] = []
    for (const row of this.#store.messages.range(stream, from, Math.min(to, of.upTo))) {
      if (this.#store.hidden.has(stream, row.seq)) continue
      const message = decodeStoredMessage(row.bytes)
      const isAboutOne = ABOUT_ONE.has(message.kind)
      if (!isAboutOne && !this.#isLine(of, message)) continue
      const view = this.#viewIn(of, row, message)
      if (!isAboutOne || view.about !== undefined) shown.push({ row, view })
    }
    return shown
  }

  /** The last `limit` lines of a conversation before the position `before`, newest first. */
  page(conversation: ConversationId, limit: number, before?: { stream: number; seq: number }): MessageView[] {
    const views: MessageView[] = []
    if (limit === 0) return views
    const streams = new Map(this.#store.streams.ofConversation(conversation).map((stream) => [stream.id, stream]))
    for (const row of this.#store.displayOrder.backwards(conversation, before)) {
      const stream = streams.get(row.stream)
      const view = stream && this.line(stream, row)
      if (view === undefined) continue
      views.push(view)
      if (views.length === limit) break
    }
    return views
  }

  /** The `limit` lines that follow the position `after`, newest first. */
  pageAfter(conversation: ConversationId, limit: number, after: { stream: number; seq: number }): MessageView[] {
    const views: MessageView[] = []
    if (limit === 0) return views
    for (const row of this.#store.displayOrder.forwards(conversation, after)) {
      const stream = this.#store.streams.byId(row.stream)
      const view = stream && this.line(stream, row)
      if (view === undefined) continue
      views.push(view)
      if (views.length === limit) break
    }
    return views.reverse()
  }

  /** A line of the conversation; undefined for what is none. */
  line(stream: StreamRow, row: MessageRow): MessageView | undefined {
    const message = decodeStoredMessage(row.bytes)
    return this.#isLine(stream, message) ? this.#viewIn(stream, row, message) : undefined
  }

  /** Whether it is a line of the conversation. A position that was given up is one only for whoever gave it up. */
  #isLine(stream: StreamRow, message: Message): boolean {
    return isLine(message) || (message.kind === VOID_KIND && stream.device === this.#me.device)
  }

  #viewIn(stream: StreamRow, row: MessageRow, message: Message): MessageView {
    const { kind, body, sentAt, priority, deadline } = message
    const account = this.partnerOf(stream.conversation)
    const author = this.authorOf(stream)
    const { storedAt, lamport } = row
    const about =
      kind === REACTION_KIND ? this.#reactions.target(body, stream) : this.#revisions.target(kind, body, stream, author)
    const view: MessageView = {
      id: this.#store.localIdAt(row),
      account,
      with: this.#contacts.label(account).name,
      direction: author === this.#me.account ? 'out' : 'in',
      kind,
      text: textOf(kind, body),
      sentAt,
      storedAt,
      lamport,
      ...(priority === DEFAULT_PRIORITY ? {} : { priority: priorityName(priority) }),
      ...(deadline === undefined ? {} : { deadline }),
      ...(about === undefined ? {} : { about }),
      ...(message.replyTo === undefined ? {} : { replyTo: this.quote(message.replyTo, stream.conversation) }),
      ...this.#stateOf(stream, row.seq, account, storedAt),
    }
    if (kind !== TEXT_KIND) return view
    const revision = this.#revisions.of(author, stream, row.seq)
    if (revision?.kind === 'delete') return this.#revised(view, revision)
    const reactions = this.#reactions.under(stream, row.seq, this.#me.account)
    const shown = reactions === undefined ? view : { ...view, reactions }
    return revision === undefined ? shown : this.#revised(shown, revision)
  }

  /** What a message that answers another one shows of it. */
  quote(of: MessageReference, conversation: ConversationId): NonNullable<MessageView['replyTo']> {
    const id = referredTo(this.#store, of, conversation)
    const row = id && this.#store.messages.byLocalId(id)
    const stream = row && this.#store.streams.byId(row.stream)
    if (stream === undefined || row === undefined) return {}
    const {
      id: now,
      direction,
      text,
    } = this.#viewIn(stream, row, { ...decodeStoredMessage(row.bytes), replyTo: undefined })
    return { message: { id: now, direction, text: beginning(text) } }
  }

  #revised(view: MessageView, { kind, by, at, text, stream, seq }: Revision): MessageView {
    const of = this.#store.streams.byId(stream)
    const { state } = of === undefined ? {} : this.#stateOf(of, seq, this.partnerOf(of.conversation), at)
    const change = { by, at, ...(state === undefined ? {} : { state }) }
    return kind === 'delete' ? { ...view, text: '', deleted: change } : { ...view, text, edited: change }
  }

  /** Of what this device sent, and of what the one sent whose place it took. */
  #stateOf(
    stream: StreamRow,
    seq: number,
    account: AccountId,
    storedAt: number,
  ): Pick<MessageView, 'state' | 'stateAt' | 'hold' | 'reason'> {
    const isMine = this.authorOf(stream) === this.#me.account
    const delivery = isMine ? this.#store.deliveries.find(stream.id, seq, account) : undefined
    if (delivery === undefined) return {}
    const { state, at, hold, reason } = delivery
    return {
      state,
      stateAt: state === 'queued' ? storedAt : at,
      ...(hold === null ? {} : { hold }),
      ...(reason === null ? {} : { reason }),
    }
  }

  /** Whose stream it is: mine, on whichever of my devices, or the other side's. */
  authorOf(stream: StreamRow): AccountId {
    if (stream.device === this.#me.device) return this.#me.account
    return this.#store.devices.get(stream.device)?.account ?? this.partnerOf(stream.conversation)
  }

  partnerOf(conversation: ConversationId): AccountId {
    let account = this.#partners.get(conversation)
    if (account === undefined) {
      for (const contact of this.#store.contacts.all()) {
        this.#partners.set(directConversationId(contact.account, this.#me.account), contact.account)
      }
      account = this.#partners.get(conversation)
    }
    if (account === undefined) throw new Error(`conversation ${conversation} belongs to no contact`)
    return account
  }
}

function beginning(text: string): string {
  // Never half of a character that is two.
  return text.length <= MAX_QUOTED_CHARS ? text : text.slice(0, MAX_QUOTED_CHARS).replace(/[\ud800-\udbff]$/u, '')
}

function textOf(kind: string, body: Uint8Array): string {
  if (kind === TEXT_KIND) return Buffer.from(body).toString('utf8')
  return (kind === REACTION_KIND ? readReaction(body)?.emoji : readRevision(kind, body)?.text) ?? ''
}

/** What has no name of its own is as unhurried as the least urgent that has. */
function priorityName(priority: number): 'urgent' | 'bulk' {
  return priority === PRIORITIES.urgent ? 'urgent' : 'bulk'
}
