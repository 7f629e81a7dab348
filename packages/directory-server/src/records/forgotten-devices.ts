import type { AccountId, DeviceKey } from '@parley/shared/ids.ts'
import type { Tables } from '#store/store.ts'

/** Drops the statements and prekeys of those devices that no record of the account lists any more. Their counters stay. */
export function forgetUnlistedDevices(tables: Tables, accountId: AccountId, devices: readonly DeviceKey[]): void {
  for (const device of devices) {
    if (tables.devices.isListedAnywhere(accountId, device)) continue
    tables.statements.remove(accountId, device)
    tables.prekeyBatches.remove(accountId, device)
    tables.oneTimePrekeys.remove(accountId, device)
  }
}
