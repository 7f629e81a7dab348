// T1, the part inside the transaction: a message becomes the next position of my stream in its conversation.

import { messageHash, streamRoot } from '@parley/shared/hashes.ts'
import {
  type AccountId,
  type ConversationId,
  Epoch,
  type LocalMessageId,
  type MessageId,
  randomId,
} from '@parley/shared/ids.ts'
import { type MessageContent, messageEncoder, type Priority } from '@parley/shared/wire/message.ts'
import type { MessageReference } from '@parley/shared/wire/message-body.ts'
import type { Hold, Range } from '#store/deliveries-table.ts'
import { localIdOf, newTag } from '#store/local-ids.ts'
import type { Store } from '#store/store.ts'
import type { StreamRow } from '#store/streams-table.ts'
import type { LamportClock } from './lamport.ts'
import type { Me } from './ports.ts'

/** A message as the layers above hand it over. */
export interface Draft {
  readonly conversation: ConversationId
  /** Without my own account: my other devices are served anyway. */
  readonly recipients: readonly AccountId[]
  readonly kind: string
  readonly critical: boolean
  readonly body: Uint8Array
  readonly priority: Priority
  /** Unix milliseconds by this device's clock: what is not sealed by then expires. */
  readonly deadline?: number | undefined
  /** The newest messages of others that the author had seen and not named before. */
  readonly parents?: readonly MessageId[] | undefined
  readonly replyTo?: MessageReference | undefined
}

export interface Accepted {
  readonly localId: LocalMessageId
  readonly stream: number
  readonly seq: number
  /** As they are stored. Their number counts for the outbox limit. */
  readonly bytes: Uint8Array
  readonly lamport: number
  /** Unix milliseconds. */
  readonly at: number
  readonly state: 'queued' | 'sent'
}

interface Deps {
  readonly store: Store
  readonly me: Me
  readonly lamport: LamportClock
  readonly random: (size: number) => Uint8Array
}

export class OwnStreams {
  readonly #deps: Deps

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** Accepts in this order; the caller's transaction makes it durable. */
  acceptAll(drafts: readonly { readonly draft: Draft; readonly at: number }[]): Accepted[] {
    const { store, lamport } = this.#deps
    const heads = new Map<ConversationId, StreamHead>()
    let clock = lamport.value
    const accepted: Accepted[] = []
    for (const { draft, at } of drafts) {
      let head = heads.get(draft.conversation)
      if (head === undefined) {
        head = new StreamHead(store, this.#deps.me, this.openStream(draft.conversation, draft.recipients))
        heads.set(draft.conversation, head)
      }
      clock += 1
      accepted.push(head.accept(draft, clock, at))
    }
    for (const head of heads.values()) head.finish((account) => this.holdFor(account))
    lamport.raiseTo(clock)
    return accepted
  }

  /** My stream in the conversation, begun when there is none, with a cursor for each device that is to be served. */
  openStream(conversation: ConversationId, recipients: readonly AccountId[]): StreamRow {
    const { store, me, random } = this.#deps
    const open = store.streams.open(me.device, conversation)
    if (open !== undefined) return open
    const epoch = randomId(Epoch, random)
    const stream = store.streams.insert({
      tag: newTag(random),
      device: me.device,
      conversation,
      epoch,
      base: 1,
      follows: store.streams.lastClosed(me.device, conversation)?.epoch ?? null,
    })
    for (const account of [...recipients, me.account]) {
      for (const { device, state } of store.devices.ofAccount(account)) {
        if (state !== 'revoked') store.cursors.insert(stream.id, device, 1)
      }
    }
    return stream
  }

  /** Why nothing can be sealed for the account now, though it could be accepted. */
  holdFor(account: AccountId): Hold | null {
    const { store } = this.#deps
    if (store.contacts.get(account)?.offeredKey != null) return 'blocked-key-change'
    if (store.devices.ofAccount(account).length === 0) return 'no-device-known'
    return null
  }
}

/** The end of a stream of mine while positions are added to it. */
class StreamHead {
  readonly #store: Store
  readonly #stream: StreamRow
  readonly #encode: ReturnType<typeof messageEncoder>
  readonly #owed = new Map<AccountId, Owed[]>()
  #seq: number
  #hash: Uint8Array
  #at = 0

  constructor(store: Store, me: Me, stream: StreamRow) {
    this.#store = store
    this.#stream = stream
    this.#encode = messageEncoder(stream.conversation, stream.epoch)
    this.#seq = stream.upTo
    this.#hash = lastHash(me, stream)
  }

  accept(draft: Draft, lamport: number, at: number): Accepted {
    const { id: stream, tag } = this.#stream
    const seq = this.#seq + 1
    const bytes = this.#encode(seq, this.#hash, contentOf(draft, lamport, at))
    this.#hash = messageHash(bytes)
    this.#seq = seq
    this.#at = at
    this.#store.messages.insert({ stream, seq, lamport, storedAt: at, bytes })
    if (draft.deadline !== undefined) this.#store.deadlines.insert({ at: draft.deadline, stream, seq })
    for (const account of draft.recipients) this.#owe(account, seq, at)
    return { localId: localIdOf(tag, seq), stream, seq, bytes, lamport, at, state: 'queued' }
  }

  /** Writes what all of them have in common. */
  finish(holdFor: (account: AccountId) => Hold | null): void {
    const { id: stream } = this.#stream
    this.#store.streams.setAccepted(stream, this.#seq, this.#hash)
    const range = { from: this.#stream.upTo + 1, to: this.#seq }
    this.#store.events.insert({ kind: 'queued', at: this.#at, stream, ...range })
    for (const [account, ranges] of this.#owed) {
      const hold = holdFor(account)
      for (const range of ranges) this.#store.deliveries.append(stream, account, range, hold, range.at)
    }
  }

  #owe(account: AccountId, seq: number, at: number): void {
    let ranges = this.#owed.get(account)
    if (ranges === undefined) {
      ranges = []
      this.#owed.set(account, ranges)
    }
    const last = ranges.at(-1)
    if (last?.to === seq - 1) last.to = seq
    else ranges.push({ from: seq, to: seq, at })
  }
}

interface Owed extends Range {
  to: number
  readonly at: number
}

/** `prev` of the next position. */
export function lastHash(
  me: Me,
  { conversation, epoch, hash }: Pick<StreamRow, 'conversation' | 'epoch' | 'hash'>,
): Uint8Array {
  return hash ?? streamRoot(me.device, conversation, epoch)
}

export function contentOf(draft: Draft, lamport: number, at: number): MessageContent {
  const { kind, critical, priority, deadline, parents = [], body, replyTo } = draft
  return { kind, critical, parents, lamport, sentAt: at, priority, deadline, body, replyTo }
}
