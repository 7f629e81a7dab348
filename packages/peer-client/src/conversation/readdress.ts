// Messages that wait for an account go to another one: the user said that it is the same person.
import { directConversationId } from '@parley/shared/hashes.ts'
import type { AccountId, DeviceKey, LocalMessageId } from '@parley/shared/ids.ts'
import { decodeStoredMessage } from '@parley/shared/wire/message.ts'
import { DELETE_KIND, EDIT_KIND, REACTION_KIND, READ_KIND } from '@parley/shared/wire/message-body.ts'
import type { Delivery } from '#delivery/delivery.ts'
import { endMessage, type Revised } from '#delivery/revise.ts'
import { localIdOf } from '#store/local-ids.ts'
import type { Store } from '#store/store.ts'
import type { Happening } from './conversations.ts'
import type { Feed } from './feed.ts'

export interface ReaddressDeps {
  readonly store: Store
  readonly delivery: Pick<Delivery, 'send' | 'outbox'>
  readonly happenings: Feed<Happening>
  readonly me: { readonly account: AccountId; readonly device: DeviceKey }
  readonly now: () => number
}

/** So many at once share a commit, and no more hold up everybody else. */
const AT_ONCE = 100
/** Edits, deletions, reactions and receipts are about messages that the new account never had. */
const ABOUT_OTHERS: ReadonlySet<string> = new Set([EDIT_KIND, DELETE_KIND, REACTION_KIND, READ_KIND])

/**
 * Accepts again, for `to`, what is sealed for nobody yet, in the same order; each is taken back from `from` in the same transaction.
 * Resolves with how many there were. Called again after it was interrupted, it goes on where it was.
 */
export async function readdress(deps: ReaddressDeps, from: AccountId, to: AccountId): Promise<number> {
  const { store, me } = deps
  let moved = 0
  for (const { id, device } of store.streams.ofConversation(directConversationId(from, me.account))) {
    if (device !== me.device) continue
    for (let seqs = waiting(store, id, from, 1); seqs.length > 0; seqs = waiting(store, id, from, lastOf(seqs) + 1)) {
      const outcomes = await Promise.all(seqs.map((seq) => readdressOne(deps, id, seq, from, to)))
      moved += outcomes.filter(Boolean).length
    }
  }
  return moved
}

function lastOf(seqs: readonly number[]): number {
  return seqs.at(-1) ?? 0
}

/** Of the positions from `least` on. */
function waiting(store: Store, stream: number, account: AccountId, least: number): number[] {
  const seqs: number[] = []
  const row = store.streams.byId(stream)
  const lowest = store.deliveries.lowestOpen(stream, account)
  if (row === undefined || lowest === undefined) return seqs
  const first = Math.max(lowest, row.frozenTo + 1, least)
  for (let seq = first; seq <= row.upTo && seqs.length < AT_ONCE; seq += 1) {
    if (store.deliveries.find(stream, seq, account)?.state === 'queued') seqs.push(seq)
  }
  return seqs
}

/** True when there is a message for the new account now. */
async function readdressOne(
  deps: ReaddressDeps,
  id: number,
  seq: number,
  from: AccountId,
  to: AccountId,
): Promise<boolean> {
  const { store, delivery, happenings, me, now } = deps
  const bytes = store.messages.bytesAt(id, seq)
  const tag = store.streams.byId(id)?.tag
  if (bytes === undefined || tag === undefined) return false
  const { kind, critical, body, priority, deadline } = decodeStoredMessage(bytes)
  if (ABOUT_OTHERS.has(kind)) {
    await delivery.outbox.cancel(localIdOf(tag, seq))
    return false
  }
  const conversation = directConversationId(to, me.account)
  let revised: Revised | undefined
  const takeBack = () => {
    revised = takeBackFrom(store, localIdOf(tag, seq), now())
  }
  const accepted = await delivery.send(
    { conversation, recipients: [to], kind, critical, body, priority, deadline },
    { also: takeBack },
  )
  // The user took it back himself a moment ago.
  if (revised === undefined) await delivery.outbox.cancel(accepted.localId)
  for (const { load } of revised?.relieved ?? []) delivery.outbox.quota.remove(from, load)
  happenings.publish({ kind: 'ended', stream: id, from: seq, to: seq })
  happenings.publish({ kind: 'accepted', stream: accepted.stream, from: accepted.seq, to: accepted.seq })
  return revised !== undefined
}

/** Inside a transaction. Its bytes are read again: what was taken back before it changed them. */
function takeBackFrom(store: Store, localId: LocalMessageId, at: number): Revised | undefined {
  const row = store.messages.byLocalId(localId)
  const stream = row && store.streams.byId(row.stream)
  if (stream === undefined || row === undefined) return undefined
  const revised = endMessage(store, stream, row, 'cancelled', at)
  return revised === 'already-sent' ? undefined : revised
}
