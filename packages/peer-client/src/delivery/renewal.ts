import type { DeviceRow } from '#store/devices-table.ts'
import type { Store } from '#store/store.ts'

/**
 * Inside a transaction: the ratchet in force failed, and the next seal begins a new one. However many envelopes tell of it, one event
 * does: false for the others.
 */
export function demandRenewal(
  store: Store,
  { device, account, mustRenew }: DeviceRow,
  reason: string,
  at: number,
): boolean {
  if (mustRenew !== 0) return false
  store.devices.setMustRenew(device)
  store.events.insert({ kind: 'ratchet-renewed', at, account, detail: reason })
  return true
}
