// What people do with messages: write to somebody, look back, take one back, wait for the tick.
import { createHash } from 'node:crypto'
import { directConversationId } from '@parley/shared/hashes.ts'
import type { AccountId, ConversationId, DeviceKey } from '@parley/shared/ids.ts'
import { MAX_MOMENT_MS } from '@parley/shared/limits.ts'
import type { HistoryPage, MessageView, PriorityName } from '@parley/shared/local-api/messages.ts'
import type { DaemonStatus } from '@parley/shared/local-api/status.ts'
import { DEFAULT_PRIORITY, PRIORITIES } from '@parley/shared/wire/message.ts'
import { type MessageReference, TEXT_KIND } from '@parley/shared/wire/message-body.ts'
import type { Delivery } from '#delivery/delivery.ts'
import type { Placed } from '#delivery/outbox.ts'
import type { Accepted, Draft } from '#delivery/own-streams.ts'
import type { Store } from '#store/store.ts'
import { Changes, type Removal } from './changes.ts'
import type { Contacts } from './contacts.ts'
import { ConversationError } from './conversation-error.ts'
import { Feed } from './feed.ts'
import type { Heard } from './heard.ts'
import { History, type PagePlace } from './history.ts'
import { KeyedSends } from './keyed-sends.ts'
import type { MessageViews } from './message-views.ts'
import type { Notes } from './notes.ts'
import { Reacting } from './reacting.ts'
import type { Reactions } from './reactions.ts'
import type { ReadReceipts } from './read-receipts.ts'
import { Reading } from './reading.ts'
import { referenceTo } from './references.ts'
import type { Revisions } from './revisions.ts'
import { Typing, type TypingDeps } from './typing.ts'
import { waitForState } from './wait-for-state.ts'

/** A range of my positions, or others', to which something happened. */
export interface Happening {
  readonly kind: 'accepted' | 'received' | 'sent' | 'delivered' | 'read' | 'edited' | 'ended' | 'hold' | 'moved'
  readonly stream: number
  readonly from: number
  readonly to: number
}

export interface ConversationsDeps extends Pick<TypingDeps, 'tellTyping'> {
  readonly store: Store
  readonly delivery: Delivery
  readonly contacts: Contacts
  readonly views: MessageViews
  readonly notes: Notes
  readonly revisions: Revisions
  readonly reactions: Reactions
  readonly receipts: ReadReceipts
  readonly heard: Heard
  readonly happenings: Feed<Happening>
  readonly me: { readonly account: AccountId; readonly device: DeviceKey }
  readonly now: () => number
  /** Somebody should be reached soon: a message waits. */
  readonly poke: (account: AccountId) => void
}

export interface SendOptions {
  readonly idempotencyKey?: string | undefined
  /** Wait for room in the outbox instead of failing with `outbox-full`. */
  readonly waitForRoom?: boolean
  /** Which goes first when several conversations wait for the same device. */
  readonly priority?: PriorityName | undefined
  /** Unix milliseconds: what has not left by then is not sent any more. */
  readonly deadline?: number | undefined
  /** The id of the message that it answers. */
  readonly replyTo?: string | undefined
  readonly signal?: AbortSignal | undefined
}

export class Conversations {
  /** What can be done to a message of mine after it was written. */
  readonly changes: Changes
  /** Messages that are shown no more on this device. */
  readonly removals = new Feed<Removal>()
  readonly reacting: Reacting
  readonly typing: Typing
  readonly #history: History
  readonly #reading: Reading
  readonly #deps: ConversationsDeps
  readonly #toPoke = new Set<AccountId>()
  #isStopped = false
  readonly #ids = new Map<AccountId, ConversationId>()
  readonly #keyed: KeyedSends

  constructor(deps: ConversationsDeps) {
    this.#deps = deps
    this.#keyed = new KeyedSends({ ...deps, existing: (id) => this.#existing(id) })
    this.changes = new Changes({
      ...deps,
      removals: this.removals,
      post: (account, content, also) => this.#post(account, content, {}, also),
    })
    this.typing = new Typing(deps)
    this.reacting = new Reacting({ ...deps, post: (account, content, also) => this.#post(account, content, {}, also) })
    this.#history = new History({ ...deps, conversationWith: (account) => this.#conversationWith(account) })
    this.#reading = new Reading({
      ...deps,
      me: deps.me.account,
      post: (account, content) => this.#post(account, content, { isQuiet: true }),
    })
  }

  /** The user has seen the conversation: all of it, or up to a message. */
  markRead(account: AccountId, upTo?: string): Promise<boolean> {
    return this.#reading.markRead(account, this.#conversationWith(account), upTo)
  }

  /** Resolves once the message is durable. Rejects with ConversationError or DeliveryError. */
  sendText(account: AccountId, text: string, options: SendOptions = {}): Promise<MessageView> {
    const { idempotencyKey } = options
    if (idempotencyKey === undefined) return this.#send(account, text, options)
    return this.#keyed.run(idempotencyKey, digestOf(account, text, options), (also) =>
      this.#send(account, text, options, also),
    )
  }

  /** Begins nothing more; what was accepted is on the disk. */
  stop(): void {
    this.#isStopped = true
  }

  message(id: string): MessageView | undefined {
    return this.#deps.views.byId(id)
  }

  /** Resolves when the message reached `state`, ended, is held for the user's decision, or the signal aborted. */
  waitFor(id: string, state: 'sent' | 'delivered', signal: AbortSignal): Promise<MessageView> {
    const { store, happenings } = this.#deps
    const awaited = { row: () => store.messages.byLocalId(id), view: () => this.#existing(id) }
    return waitForState(awaited, state, happenings, signal)
  }

  /** Newest first. Throws `unknown-message` when `before` is not one of them. */
  history(account: AccountId, limit: number, place?: PagePlace): HistoryPage {
    return this.#history.page(account, limit, place)
  }

  /** Of all conversations those in which something is not as it should be. */
  troubles(): DaemonStatus['troubles'] {
    return this.#history.troubles()
  }

  async #send(
    account: AccountId,
    text: string,
    options: SendOptions,
    also?: (placed: Placed) => void,
  ): Promise<MessageView> {
    const { priority = 'normal', deadline } = options
    const replyTo = options.replyTo === undefined ? undefined : this.#answered(account, options.replyTo)
    if (deadline !== undefined && !(Number.isInteger(deadline) && deadline <= MAX_MOMENT_MS))
      throw new RangeError('a deadline is in whole milliseconds, to the end of the year 9999')
    if (deadline !== undefined && deadline <= this.#deps.now())
      throw new ConversationError('deadline-past', 'the deadline is over already: nothing was sent')
    const content = {
      kind: TEXT_KIND,
      body: Buffer.from(text, 'utf8'),
      priority: PRIORITIES[priority],
      deadline,
      replyTo,
    }
    const { localId: id, lamport, at, state } = await this.#post(account, content, options, also)
    const view: MessageView = {
      id,
      account,
      with: this.#deps.contacts.label(account).name,
      direction: 'out',
      kind: TEXT_KIND,
      text,
      sentAt: at,
      storedAt: at,
      lamport,
      ...(priority === 'normal' ? {} : { priority }),
      ...(deadline === undefined ? {} : { deadline }),
      ...(replyTo === undefined ? {} : { replyTo: this.#deps.views.quote(replyTo, this.#conversationWith(account)) }),
      state,
      stateAt: at,
    }
    return this.#deps.contacts.get(account)?.offeredKey == null ? view : { ...view, hold: 'blocked-key-change' }
  }

  /** Throws `unknown-message` unless it is one of the conversation. */
  #answered(account: AccountId, id: string): MessageReference {
    const { store } = this.#deps
    const row = store.messages.byLocalId(id)
    const stream = row && store.streams.byId(row.stream)
    if (row !== undefined && stream?.conversation === this.#conversationWith(account))
      return referenceTo(store, stream, row.seq)
    const who = this.#deps.contacts.label(account).name
    throw new ConversationError('unknown-message', `there is no message ${id} in the conversation with ${who}`)
  }

  /** Accepts a message of any kind, and sees to it that it goes out. `also` runs in its transaction. */
  async #post(
    account: AccountId,
    content: Pick<Draft, 'kind' | 'body'> & Partial<Draft>,
    options: Pick<SendOptions, 'waitForRoom' | 'signal'> & { isQuiet?: boolean } = {},
    also?: (placed: Placed) => void,
  ): Promise<Accepted> {
    const { delivery, contacts, me, happenings, heard } = this.#deps
    if (account === me.account) throw new ConversationError('self', 'a message to yourself has nowhere to go')
    const contact = contacts.get(account)
    if (contact?.state === 'blocked') {
      throw new ConversationError('blocked', `${contacts.label(account).name} is blocked: parley unblock ends that`)
    }
    if (contacts.isShunned(account)) {
      const who = contacts.label(account).name
      throw new ConversationError('blocked', `${who} is on your blacklist: take the entry out of blacklist.txt first`)
    }
    if (contact?.state === 'stranger') await contacts.accept(account)
    const { quota } = delivery.outbox
    if (!quota.tryTake(account)) {
      if (options.waitForRoom !== true) throw this.#full(account)
      await quota.take(account, options.signal)
    }
    const conversation = this.#conversationWith(account)
    const parents = heard.parents(conversation)
    const draft = {
      conversation,
      parents: parents.ids,
      recipients: [account],
      critical: true,
      priority: DEFAULT_PRIORITY,
      ...content,
    }
    const accepted = await delivery.send(draft, { also, hasRoom: true })
    parents.said()
    const { stream, seq } = accepted
    happenings.publish({ kind: 'accepted', stream, from: seq, to: seq })
    if (options.isQuiet !== true) this.#pokeSoon(account)
    return accepted
  }

  /** Once a turn is enough, however many messages it brought. */
  #pokeSoon(account: AccountId): void {
    if (this.#toPoke.size === 0) {
      setImmediate(() => {
        const accounts = [...this.#toPoke]
        this.#toPoke.clear()
        if (!this.#isStopped) for (const one of accounts) this.#deps.poke(one)
      })
    }
    this.#toPoke.add(account)
  }

  #full(account: AccountId): ConversationError {
    const { messages } = this.#deps.delivery.outbox.quota.load(account)
    const { name } = this.#deps.contacts.label(account)
    return new ConversationError(
      'outbox-full',
      `${messages} messages to ${name} are waiting already: wait until some are delivered`,
    )
  }

  #conversationWith(account: AccountId): ConversationId {
    let conversation = this.#ids.get(account)
    if (conversation === undefined) {
      conversation = directConversationId(account, this.#deps.me.account)
      this.#ids.set(account, conversation)
    }
    return conversation
  }

  #existing(id: string): MessageView {
    const message = this.message(id)
    if (message === undefined) throw new ConversationError('unknown-message', `there is no message ${id}`)
    return message
  }
}

/** What makes two requests the same. What is as usual leaves no trace, so keys of earlier versions still match. */
function digestOf(account: AccountId, text: string, options: SendOptions): Buffer {
  const { priority = 'normal', deadline, replyTo } = options
  const digest = createHash('sha256').update(account).update('\0').update(text)
  if (priority !== 'normal' || deadline !== undefined) digest.update(`\0${priority}\0${deadline ?? ''}`)
  if (replyTo !== undefined) digest.update(`\0reply ${replyTo}`)
  return digest.digest()
}
