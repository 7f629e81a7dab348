// T2 (d): one transaction that makes an envelope real, or nothing at all when its plan no longer holds.

import { isEqualBytes } from '@parley/shared/bytes.ts'
import { type AccountId, type DeviceKey, EnvelopeId, randomId } from '@parley/shared/ids.ts'
import { isPlanted } from '@parley/shared/planted-faults.ts'
import type { Store } from '#store/store.ts'
import { StalePlanError } from './delivery-error.ts'
import type { Plan } from './plan.ts'
import { countedEnvelopeId, jumpCursor } from './planted.ts'
import type { Change, Me } from './ports.ts'

export interface SealedPlan {
  readonly plan: Plan
  readonly device: DeviceKey
  readonly account: AccountId
  readonly id: EnvelopeId
  readonly bytes: Uint8Array
  readonly change: Change
  /** It was sealed over a ratchet that was begun for it. */
  readonly isRenewed: boolean
  readonly path: string
  readonly at: number
}

/** 128 random bits: no other envelope ever has them, not even one of a copy of this profile. */
export function newEnvelopeId(store: Store, me: Me, random: (size: number) => Uint8Array): EnvelopeId {
  return isPlanted('counter-envelope-ids') ? countedEnvelopeId(store, me) : randomId(EnvelopeId, random)
}

/** Inside a transaction. Throws StalePlanError when content, epoch or cursor moved since the plan was made. */
export function commitSealed(store: Store, me: Me, sealed: SealedPlan): void {
  const { plan, device, account, at } = sealed
  freeze(store, plan)
  if (!isWithheldAsPlanned(store, plan, account)) throw new StalePlanError('a message was ended')
  for (const { stream, from, to } of plan.advances) {
    if (!store.cursors.seal(stream, device, from, to)) throw new StalePlanError('the cursor has moved')
  }
  for (const stream of plan.reseals) {
    store.cursors.countReseal(stream, device)
    if (isPlanted('cursor-jumps-on-reseal')) jumpCursor(store, stream, device)
  }
  if (sealed.isRenewed) store.devices.countGeneration(device)
  sealed.change.apply()
  const generation = store.devices.get(device)?.generation ?? 0
  const { id, bytes } = sealed
  store.envelopes.insert({ id, device, generation, bytes, path: sealed.path, ranges: plan.ranges, sealedAt: at })
  if (account !== me.account) {
    for (const { stream, ...range } of plan.ranges) store.deliveries.setSent(stream, account, range, at)
  }
}

/** Fixes the content of every position up to the last one of the plan. Its hash covers them all: one comparison sees any change. */
function freeze(store: Store, plan: Plan): void {
  for (const { stream, seq, hash } of plan.heads) {
    const row = store.streams.byId(stream)
    if (row === undefined || row.closed !== 0) throw new StalePlanError('the epoch is closed')
    if (seq <= row.frozenTo) continue
    const present = store.messages.hashAt(stream, seq)
    const isSame = present !== undefined && isEqualBytes(present, hash)
    if (!isSame && !isPlanted('no-compare-and-set')) throw new StalePlanError('the content has changed')
    store.streams.setFrozen(stream, seq)
  }
}

/** What froze for others can still be ended for this account until this commit. */
function isWithheldAsPlanned(store: Store, { ranges, withheld }: Plan, account: AccountId): boolean {
  let now = 0
  for (const { stream, from, to } of ranges) now += store.withheld.inRange(stream, account, { from, to }).size
  return now === withheld.length
}
