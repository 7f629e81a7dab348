// What a device says it holds of my streams. Only a hash that equals mine confirms anything; an envelope id merely frees its slot.
import { isEqualBytes } from '@parley/shared/bytes.ts'
import type { AccountId, DeviceKey } from '@parley/shared/ids.ts'
import type { Claim } from '@parley/shared/wire/frames.ts'
import type { CursorRow } from '#store/cursors-table.ts'
import type { Load } from '#store/deliveries-table.ts'
import type { Store } from '#store/store.ts'
import type { Me } from './ports.ts'

export interface Confirmation {
  readonly stream: number
  readonly from: number
  readonly to: number
  readonly account: AccountId
  /** What it takes off the account's outbox. */
  readonly load: Load
}

export interface ClaimsOutcome {
  readonly confirmations: Confirmation[]
  readonly claimed: { readonly stream: number; readonly ranges: readonly { from: number; to: number }[] }[]
  /** Claims that only a rolled-back profile of mine explains. */
  readonly contradictions: { readonly stream: number; readonly upTo: number }[]
}

interface Claimant {
  readonly device: DeviceKey
  readonly account: AccountId
}

/** Inside a transaction. `mayFall`: positions after a hello may say less than before, when the device lost what it had. */
export function applyClaims(
  store: Store,
  me: Me,
  from: Claimant,
  claims: readonly Claim[],
  at: number,
  mayFall: boolean,
): ClaimsOutcome {
  const outcome: ClaimsOutcome = { confirmations: [], claimed: [], contradictions: [] }
  for (const claim of claims) {
    const stream = store.streams.byEpoch(me.device, claim.epoch)
    const cursor = stream === undefined || stream.closed !== 0 ? undefined : store.cursors.get(stream.id, from.device)
    if (cursor !== undefined) applyClaim(store, me, from, cursor, claim, { at, mayFall, outcome })
  }
  return outcome
}

/** A stream of mine that the device did not list at all: it holds nothing of it. */
export function applySilence(store: Store, cursor: CursorRow): void {
  if (cursor.confirmedTo > cursor.base - 1) store.cursors.setConfirmed(cursor.stream, cursor.device, cursor.base - 1)
}

interface Context {
  readonly at: number
  readonly mayFall: boolean
  readonly outcome: ClaimsOutcome
}

function applyClaim(store: Store, me: Me, from: Claimant, cursor: CursorRow, claim: Claim, context: Context): void {
  const { stream, device, base, confirmedTo } = cursor
  const { at, mayFall, outcome } = context
  const isNothing = claim.upTo === base - 1
  if (claim.upTo < base - 1) return
  if (!isNothing && !isMine(store, cursor, claim.upTo, claim.hash)) {
    outcome.contradictions.push({ stream, upTo: claim.upTo })
    return
  }
  if (claim.upTo > confirmedTo) {
    const range = { from: Math.max(confirmedTo + 1, base), to: claim.upTo }
    store.cursors.setConfirmed(stream, device, claim.upTo)
    if (from.account !== me.account) {
      const load = store.deliveries.waiting(stream, from.account, range)
      store.deliveries.setDelivered(stream, from.account, range, device, at)
      if (load.messages > 0) {
        store.events.insert({ kind: 'delivered', at, stream, ...range, account: from.account })
        outcome.confirmations.push({ stream, ...range, account: from.account, load })
      }
    }
  } else if (mayFall && claim.upTo < confirmedTo) {
    store.cursors.setConfirmed(stream, device, claim.upTo)
  }
  const ranges = (claim.ranges ?? []).filter(
    (range) => range.from <= range.to && isMine(store, cursor, range.to, range.hash),
  )
  outcome.claimed.push({ stream, ranges: ranges.map(({ from: first, to }) => ({ from: first, to })) })
}

function isMine(store: Store, cursor: CursorRow, seq: number, hash: Uint8Array | undefined): boolean {
  if (hash === undefined || seq > cursor.frozenTo) return false
  const mine = store.messages.hashAt(cursor.stream, seq)
  return mine !== undefined && isEqualBytes(mine, hash)
}
