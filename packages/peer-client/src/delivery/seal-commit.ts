// T2 (d): one transaction that makes an envelope real, or nothing at all when its plan no longer holds.

import { isEqualBytes } from '@parley/shared/bytes.ts'
import type { AccountId, DeviceKey, EnvelopeId } from '@parley/shared/ids.ts'
import type { Store } from '#store/store.ts'
import { StalePlanError } from './delivery-error.ts'
import type { Plan } from './plan.ts'
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

/** Inside a transaction. Throws StalePlanError when content, epoch or cursor moved since the plan was made. */
export function commitSealed(store: Store, me: Me, sealed: SealedPlan): void {
  const { plan, device, account, at } = sealed
  freeze(store, plan)
  for (const { stream, from, to } of plan.advances) {
    if (!store.cursors.seal(stream, device, from, to)) throw new StalePlanError('the cursor has moved')
  }
  for (const stream of plan.reseals) store.cursors.countReseal(stream, device)
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
    if (present === undefined || !isEqualBytes(present, hash)) throw new StalePlanError('the content has changed')
    store.streams.setFrozen(stream, seq)
  }
}
