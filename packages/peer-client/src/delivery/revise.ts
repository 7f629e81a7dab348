import { messageHash } from '@parley/shared/hashes.ts'
import type { AccountId } from '@parley/shared/ids.ts'
import { chainMessage, decodeMessage, draftMessage, VOID_KIND } from '@parley/shared/wire/message.ts'
import type { Load } from '#store/deliveries-table.ts'
import type { MessageRow } from '#store/messages-table.ts'
import type { Store } from '#store/store.ts'
import type { StreamRow } from '#store/streams-table.ts'

export interface Revised {
  readonly stream: number
  /** What it takes off each outbox; negative bytes when the text has grown. */
  readonly relieved: readonly { readonly account: AccountId; readonly load: Load }[]
}

/**
 * Inside a transaction: gives a position that is not frozen new content, or none (`body` undefined: cancelled). Its number, its
 * place in the order and its id for the API stay. It and all positions after it get new hashes, so a seal that read the old
 * content fails.
 */
export function reviseMessage(
  store: Store,
  stream: StreamRow,
  row: MessageRow,
  body: Uint8Array | undefined,
  at: number,
): 'already-sent' | Revised {
  if (row.seq <= stream.frozenTo) return 'already-sent'
  const open = store.deliveries.ofMessage(row.stream, row.seq).filter(({ state }) => state === 'queued')
  if (open.length === 0) return 'already-sent'
  const message = decodeMessage(row.bytes)
  const { conversation, epoch, seq } = message
  const content =
    body === undefined ? { ...message, kind: VOID_KIND, critical: false, body: new Uint8Array() } : { ...message, body }
  const bytes = chainMessage(draftMessage({ conversation, epoch, seq }, content), message.prev)
  const hash = messageHash(bytes)
  store.messages.revise(row.stream, seq, bytes)
  rechain(store, stream, seq + 1, hash)
  store.events.insert({ kind: body === undefined ? 'cancelled' : 'edited', at, stream: row.stream, from: seq, to: seq })
  if (body !== undefined) {
    const load = { messages: 0, bytes: row.bytes.length - bytes.length }
    return { stream: row.stream, relieved: open.map(({ account }) => ({ account, load })) }
  }
  for (const { account } of open)
    store.deliveries.end(row.stream, account, { from: seq, to: seq }, 'cancelled', null, at)
  const load = { messages: 1, bytes: row.bytes.length }
  return { stream: row.stream, relieved: open.map(({ account }) => ({ account, load })) }
}

function rechain(store: Store, stream: StreamRow, from: number, before: Uint8Array): void {
  let prev = before
  for (const row of store.messages.positions(stream.id, from, stream.upTo, stream.upTo - from + 1)) {
    const bytes = chainMessage(row.bytes, prev)
    prev = messageHash(bytes)
    store.messages.rechain(stream.id, row.seq, bytes)
  }
  store.streams.setHash(stream.id, prev)
}
