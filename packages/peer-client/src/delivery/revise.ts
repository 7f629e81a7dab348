import type { AccountId } from '@parley/shared/ids.ts'
import { decodeMessage, draftMessage } from '@parley/shared/wire/message.ts'
import type { Load } from '#store/deliveries-table.ts'
import type { MessageRow } from '#store/messages-table.ts'
import type { Store } from '#store/store.ts'
import { VOID_KIND } from './placing.ts'

/**
 * Inside a transaction: gives a position that is not frozen new content, or none (`body` undefined: cancelled). Its number, its
 * place in the order and its id for the API stay. The content version rises, so a seal that read the old content fails.
 */
export function reviseMessage(
  store: Store,
  row: MessageRow,
  body: Uint8Array | undefined,
  at: number,
): 'already-sent' | Revised {
  if (row.hash !== null) return 'already-sent'
  const open = store.deliveries.ofMessage(row.stream, row.seq).filter(({ state }) => state === 'queued')
  if (open.length === 0) return 'already-sent'
  const message = decodeMessage(row.bytes)
  const { conversation, epoch, seq } = message
  const content =
    body === undefined ? { ...message, kind: VOID_KIND, critical: false, body: new Uint8Array() } : { ...message, body }
  const bytes = draftMessage({ conversation, epoch, seq }, content)
  const standing = body === undefined ? 'void' : 'shown'
  if (!store.messages.revise(row.stream, row.seq, { bytes, kind: content.kind, standing })) return 'already-sent'
  const kind = body === undefined ? 'cancelled' : 'edited'
  store.events.insert({ kind, at, stream: row.stream, from: row.seq, to: row.seq })
  if (body !== undefined) {
    const grown = row.bytes.length - bytes.length
    return { relieved: open.map(({ account }) => ({ account, load: { messages: 0, bytes: grown } })) }
  }
  for (const { account } of open) store.deliveries.end(row.stream, row.seq, account, 'cancelled', null, at)
  return { relieved: open.map(({ account }) => ({ account, load: { messages: 1, bytes: row.bytes.length } })) }
}

export interface Revised {
  /** What it takes off each outbox; negative bytes when the text has grown. */
  readonly relieved: readonly { readonly account: AccountId; readonly load: Load }[]
}
