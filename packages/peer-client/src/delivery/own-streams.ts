// T1, the part inside the transaction: a message becomes the next position of my stream in its conversation.

import { messageHash, messageIdsOf, streamRoot } from '@parley/shared/hashes.ts'
import { type AccountId, type ConversationId, Epoch, type LocalMessageId, randomId } from '@parley/shared/ids.ts'
import { chainMessage, draftMessage, type MessagePlace, type Priority } from '@parley/shared/wire/message.ts'
import type { Hold } from '#store/deliveries-table.ts'
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
}

export interface Accepted {
  readonly localId: LocalMessageId
  readonly stream: number
  readonly seq: number
  /** Encoded length, as it counts for the outbox limit. */
  readonly bytes: number
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
  acceptAll(
    drafts: readonly { readonly draft: Draft; readonly localId: LocalMessageId; readonly at: number }[],
  ): Accepted[] {
    const { store, lamport } = this.#deps
    const heads = new Map<ConversationId, Head>()
    const holds = new Map<AccountId, Hold | null>()
    let clock = lamport.value
    const accepted: Accepted[] = []
    for (const { draft, localId, at } of drafts) {
      let head = heads.get(draft.conversation)
      if (head === undefined) {
        const stream = this.openStream(draft.conversation, draft.recipients)
        head = {
          stream,
          upTo: stream.upTo,
          hash: this.lastHash(stream),
          messageId: messageIdsOf(stream.device, stream.epoch),
        }
        heads.set(draft.conversation, head)
      }
      head.upTo += 1
      clock += 1
      const message = encode(head, draft, clock, at)
      head.hash = message.hash
      this.insert({
        stream: head.stream,
        seq: head.upTo,
        messageId: head.messageId(head.upTo),
        draft,
        localId,
        lamport: clock,
        at,
        ...message,
      })
      const bytes = message.bytes.length
      for (const account of draft.recipients) {
        let hold = holds.get(account)
        if (hold === undefined) {
          hold = this.#holdFor(account)
          holds.set(account, hold)
        }
        store.deliveries.insert(head.stream.id, head.upTo, account, 'queued', hold, at)
      }
      accepted.push({ localId, stream: head.stream.id, seq: head.upTo, bytes, lamport: clock, at, state: 'queued' })
    }
    for (const { stream, upTo } of heads.values()) store.streams.setAccepted(stream.id, upTo)
    lamport.raiseTo(clock)
    return accepted
  }

  /** My stream in the conversation, begun when there is none, with a cursor for each device that is to be served. */
  openStream(conversation: ConversationId, recipients: readonly AccountId[]): StreamRow {
    const { store, me, random } = this.#deps
    const open = store.streams.open(me.device, conversation)
    if (open !== undefined) return open
    const stream = store.streams.insert(me.device, conversation, randomId(Epoch, random), 1)
    for (const account of [...recipients, me.account]) {
      for (const { device, state } of store.devices.ofAccount(account)) {
        if (state !== 'revoked') store.cursors.insert(stream.id, device, 1)
      }
    }
    return stream
  }

  /** `prev` of the next position. */
  lastHash({ id, device, conversation, epoch, upTo }: StreamRow): Uint8Array {
    return this.#deps.store.messages.hashAt(id, upTo) ?? streamRoot(device, conversation, epoch)
  }

  insert(position: NewPosition): void {
    const { stream, seq, messageId, draft, localId, lamport, at, bytes, hash } = position
    this.#deps.store.messages.insert({
      stream: stream.id,
      seq,
      conversation: stream.conversation,
      localId,
      standing: 'shown',
      kind: draft.kind,
      lamport,
      messageId,
      sentAt: at,
      storedAt: at,
      priority: draft.priority,
      bytes,
      hash,
    })
  }

  #holdFor(account: AccountId): Hold | null {
    const { store } = this.#deps
    if (store.contacts.get(account)?.offeredKey != null) return 'blocked-key-change'
    if (store.devices.ofAccount(account).length === 0) return 'no-device-known'
    return null
  }
}

interface Head {
  readonly stream: StreamRow
  readonly messageId: (seq: number) => Uint8Array
  upTo: number
  hash: Uint8Array
}

export interface NewPosition {
  readonly stream: Pick<StreamRow, 'id' | 'conversation'>
  readonly messageId: Uint8Array
  readonly seq: number
  readonly draft: Draft
  readonly localId: LocalMessageId
  readonly lamport: number
  readonly at: number
  readonly bytes: Uint8Array
  readonly hash: Uint8Array
}

function encode(
  { stream, upTo, hash }: Head,
  draft: Draft,
  lamport: number,
  at: number,
): { bytes: Uint8Array; hash: Uint8Array } {
  const { conversation, epoch } = stream
  return encodePosition({ conversation, epoch, seq: upTo }, hash, draft, lamport, at)
}

/** The bytes of a position and their hash, behind the position whose hash is `prev`. */
export function encodePosition(
  place: MessagePlace,
  prev: Uint8Array,
  draft: Draft,
  lamport: number,
  at: number,
): { bytes: Uint8Array; hash: Uint8Array } {
  const bytes = chainMessage(draftMessage(place, { ...draft, parents: [], lamport, sentAt: at }), prev)
  return { bytes, hash: messageHash(bytes) }
}
