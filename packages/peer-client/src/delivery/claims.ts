// What a device says it holds of my streams. Only a hash that equals mine confirms anything; an envelope id merely frees its slot.
import { isEqualBytes } from '@parley/shared/bytes.ts'
import type { AccountId, DeviceKey } from '@parley/shared/ids.ts'
import { isPlanted } from '@parley/shared/planted-faults.ts'
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
  /** Streams about which it says what only a profile that was set back explains. */
  readonly contradicted: number[]
}

interface Claimant {
  readonly device: DeviceKey
  readonly account: AccountId
}

/**
 * Inside a transaction. `mayFall`: positions after a hello may say less than before, when the device lost what it had. Claims about
 * closed epochs mean nothing any more: what was open in them went on elsewhere.
 */
export function applyClaims(
  store: Store,
  me: Me,
  from: Claimant,
  claims: readonly Claim[],
  at: number,
  mayFall: boolean,
): ClaimsOutcome {
  const outcome: ClaimsOutcome = { confirmations: [], claimed: [], contradicted: [] }
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
  const { stream, device, base, sealedTo, confirmedTo } = cursor
  const { at, mayFall, outcome } = context
  if (claim.upTo < base - 1) return
  const standing = claim.upTo === base - 1 ? 'mine' : standingOf(store, cursor, claim.upTo, claim.hash)
  if (standing !== 'mine') {
    if (standing === 'contradiction') outcome.contradicted.push(stream)
    return
  }
  // Beyond what this profile knows to have sealed for the device, it may have said in a time that it forgot that it withholds it.
  const upTo = Math.min(claim.upTo, Math.max(sealedTo, base - 1))
  if (upTo > confirmedTo) {
    const range = { from: Math.max(confirmedTo + 1, base), to: upTo }
    store.cursors.setConfirmed(stream, device, upTo)
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
    (range) => range.from <= range.to && standingOf(store, cursor, range.to, range.hash) === 'mine',
  )
  outcome.claimed.push({ stream, ranges: ranges.map(({ from: first, to }) => ({ from: first, to })) })
}

/** Only frozen positions can have left this device: beyond them, or with another hash, it was not this profile that sent them. */
function standingOf(
  store: Store,
  cursor: Pick<CursorRow, 'stream' | 'frozenTo' | 'sealedTo'>,
  seq: number,
  hash: Uint8Array | undefined,
): 'mine' | 'contradiction' | 'nothing' {
  const last = isPlanted('proof-against-cursor') ? cursor.sealedTo : cursor.frozenTo
  if (seq > last) return 'contradiction'
  const mine = hash === undefined ? undefined : store.messages.hashAt(cursor.stream, seq)
  if (mine === undefined || hash === undefined) return 'nothing'
  return isEqualBytes(mine, hash) ? 'mine' : 'contradiction'
}

/** Whether the device holds all of the stream up to where it says. */
export function isTrueClaim(
  store: Store,
  stream: { readonly id: number; readonly frozenTo: number },
  { upTo, hash }: Claim,
): boolean {
  const place = { stream: stream.id, frozenTo: stream.frozenTo, sealedTo: stream.frozenTo }
  return upTo > 0 && standingOf(store, place, upTo, hash) === 'mine'
}
