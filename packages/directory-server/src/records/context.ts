import type { AccountId, DeviceKey, Digest, Name } from '@parley/shared/ids.ts'
import type { GroupCommit } from '#store/group-commit.ts'
import type { Tables } from '#store/store.ts'
import type { UserRow } from '#store/users-table.ts'
import { RefusedError } from './refused-error.ts'

/** What every rule needs. */
export interface RecordsContext {
  readonly tables: Tables
  readonly commit: Pick<GroupCommit, 'run'>
  /** `aud` of all that is signed for this directory. */
  readonly audience: Digest
  readonly now: () => number
}

/**
 * Judges and writes in one transaction, so that of many who race for the same thing exactly one finds it free. A refusal is a
 * value inside the transaction, where throwing would cost everybody else's work a second run.
 */
export async function decide<T>({ commit }: RecordsContext, judge: () => T | RefusedError): Promise<T> {
  const outcome = await commit.run(judge)
  if (outcome instanceof RefusedError) throw outcome
  return outcome
}

export interface ClaimedDevice {
  readonly name: Name
  readonly accountId: AccountId
  readonly deviceKey: DeviceKey
}

/** Whether the record in force under the name is this account's, has not expired, and lists the device. */
export function isDeviceInForce({ tables, now }: RecordsContext, device: ClaimedDevice): boolean {
  const holder = tables.users.holder(device.name)
  return (
    holder !== undefined &&
    holder.expiresAt > now() &&
    tables.devices.isListed(device.name, device.accountId, device.deviceKey)
  )
}

/** The record under which the device may write, or why it may not. */
export function requireDevice({ tables, now }: RecordsContext, device: ClaimedDevice): UserRow | RefusedError {
  const holder = tables.users.holder(device.name)
  if (holder === undefined) return new RefusedError('unknown-name', `nobody holds the name ${device.name}`)
  if (!tables.devices.isListed(device.name, device.accountId, device.deviceKey)) {
    return new RefusedError('unknown-device', `the record of ${device.name} does not list this device`)
  }
  if (holder.expiresAt <= now()) {
    return new RefusedError('expired', `the record of ${device.name} has expired; publish a new one first`)
  }
  return holder
}
