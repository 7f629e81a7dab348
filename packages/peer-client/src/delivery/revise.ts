import { messageHash } from '@parley/shared/hashes.ts'
import type { AccountId, LocalMessageId } from '@parley/shared/ids.ts'
import {
  chainMessage,
  decodeStoredMessage,
  draftMessage,
  type MessageContent,
  VOID_KIND,
  type VoidReason,
} from '@parley/shared/wire/message.ts'
import type { DeliveryRow, Load } from '#store/deliveries-table.ts'
import type { MessageRow } from '#store/messages-table.ts'
import type { Place } from '#store/reissues-table.ts'
import type { Store } from '#store/store.ts'
import type { StreamRow } from '#store/streams-table.ts'
import { DeliveryError } from './delivery-error.ts'
import type { Me } from './ports.ts'

/** Of a long backlog so many are in memory at a time. */
const CHAINED_AT_A_TIME = 64

export interface Revised {
  readonly stream: number
  readonly seq: number
  /** What it takes off each outbox; negative bytes when the text has grown. */
  readonly relieved: readonly { readonly account: AccountId; readonly load: Load }[]
}

/**
 * Inside a transaction: new content in place, as long as nothing is sealed for anybody. The position keeps its number, its place in
 * the order and its id for the API. It and all positions after it get new hashes, so a seal that read the old content fails.
 */
export function editMessage(
  store: Store,
  stream: StreamRow,
  row: MessageRow,
  body: Uint8Array,
  at: number,
): 'already-sent' | Revised {
  const { seq, bytes: before } = row
  const waiting = waitingFor(store, row)
  if (seq <= stream.frozenTo || waiting.length === 0) return 'already-sent'
  // It is not what stood in the closed epoch any more.
  const bytes = replace(store, stream, row, (message) => ({ ...message, body, origin: undefined }))
  mendChain(store, stream.id, seq)
  store.events.insert({ kind: 'edited', at, stream: stream.id, from: seq, to: seq })
  const load = { messages: 0, bytes: before.length - bytes.length }
  return { stream: stream.id, seq, relieved: waiting.map(({ account }) => ({ account, load })) }
}

/**
 * Inside a transaction: ends the message for every account for which nothing is sealed yet. A position that is sealed for nobody
 * becomes void. One that others have, such as my own other devices, stays, and is withheld from those accounts: they get its hash,
 * so the chain stays whole. Taken back (`cancelled`) is only what no account has; an expiry spares whoever it can.
 */
export function endMessage(
  store: Store,
  stream: StreamRow,
  row: MessageRow,
  reason: VoidReason,
  at: number,
): 'already-sent' | Revised {
  const ended = endAlone(store, stream, row, reason, at)
  if (ended !== 'already-sent' && row.seq > stream.frozenTo) mendChain(store, stream.id, row.seq)
  return ended
}

/** Inside a transaction: the same for many. What follows them is chained anew once, not once for each. */
export function endMessages(store: Store, places: readonly Place[], reason: VoidReason, at: number): Revised[] {
  const ended: Revised[] = []
  /** By stream, the first position with new content. */
  const brokenAt = new Map<number, number>()
  for (const place of places) {
    const [stream, row] = [store.streams.byId(place.stream), store.messages.at(place.stream, place.seq)]
    const one = stream && row && endAlone(store, stream, row, reason, at)
    if (stream === undefined || one === undefined || one === 'already-sent') continue
    ended.push(one)
    const { id, frozenTo } = stream
    if (one.seq > frozenTo) brokenAt.set(id, Math.min(one.seq, brokenAt.get(id) ?? one.seq))
  }
  for (const [stream, seq] of brokenAt) mendChain(store, stream, seq)
  return ended
}

/** Leaves the chain behind it broken. */
function endAlone(
  store: Store,
  stream: StreamRow,
  row: MessageRow,
  reason: VoidReason,
  at: number,
): 'already-sent' | Revised {
  const { seq } = row
  const waiting = waitingFor(store, row)
  const isPartlySent = store.deliveries.ofMessage(stream.id, seq).length > waiting.length
  if (waiting.length === 0 || (reason === 'cancelled' && isPartlySent)) return 'already-sent'
  const load = { messages: 1, bytes: row.bytes.length }
  if (seq > stream.frozenTo) {
    replace(store, stream, row, (message) => ({
      ...message,
      kind: VOID_KIND,
      critical: false,
      origin: undefined,
      replyTo: undefined,
      body: Buffer.from(reason),
    }))
  } else {
    for (const { account } of waiting) store.withheld.insert(stream.id, account, seq, reason)
  }
  for (const { account } of waiting) store.deliveries.end(stream.id, account, { from: seq, to: seq }, reason, null, at)
  store.events.insert({ kind: reason, at, stream: stream.id, from: seq, to: seq })
  return { stream: stream.id, seq, relieved: waiting.map(({ account }) => ({ account, load })) }
}

/** A message of mine, and the stream it stands in now. Throws DeliveryError `unknown-message`. */
export function ownMessage(store: Store, me: Me, localId: LocalMessageId): { row: MessageRow; stream: StreamRow } {
  const row = store.messages.byLocalId(localId)
  const stream = row && store.streams.byId(row.stream)
  if (row === undefined || stream?.device !== me.device) {
    throw new DeliveryError('unknown-message', `I sent no message ${localId}`)
  }
  return { row, stream }
}

function waitingFor(store: Store, { stream, seq }: MessageRow): DeliveryRow[] {
  return store.deliveries.ofMessage(stream, seq).filter(({ state }) => state === 'queued')
}

function replace(
  store: Store,
  stream: StreamRow,
  row: MessageRow,
  contentOf: (message: MessageContent) => MessageContent,
): Uint8Array {
  const message = decodeStoredMessage(row.bytes)
  const { conversation, epoch, seq, prev } = message
  const bytes = chainMessage(draftMessage({ conversation, epoch, seq }, contentOf(message)), prev)
  store.search.changing(row)
  store.messages.revise(stream.id, seq, bytes)
  return bytes
}

/** The position has new content: all behind it get new hashes. */
function mendChain(store: Store, id: number, seq: number): void {
  const stream = store.streams.byId(id)
  const revised = store.messages.hashAt(id, seq)
  if (stream === undefined || revised === undefined) throw new Error(`position ${seq} of stream ${id} is gone`)
  let prev = revised
  for (let from = seq + 1; from <= stream.upTo; from += CHAINED_AT_A_TIME) {
    const to = Math.min(from + CHAINED_AT_A_TIME - 1, stream.upTo)
    for (const row of store.messages.positions(id, from, to, CHAINED_AT_A_TIME)) {
      const bytes = chainMessage(row.bytes, prev)
      prev = messageHash(bytes)
      store.messages.rechain(id, row.seq, bytes)
    }
  }
  store.streams.setHash(id, prev)
}
