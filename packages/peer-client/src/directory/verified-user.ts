import type { Status, User } from '@parley/shared/directory-api/users.ts'
import type { Digest, Name } from '@parley/shared/ids.ts'
import { type VerifiedAccount, verifyAccountRecord } from '@parley/shared/signed/account-record.ts'
import { type DeviceStatement, verifyDeviceStatement } from '@parley/shared/signed/device-statement.ts'
import { SignedObjectError } from '@parley/shared/signed/jws.ts'
import { DirectoryError } from './directory-error.ts'

/** An account as its owner signed it. What the directory itself observed stands apart, and is only its word. */
export interface VerifiedUser {
  readonly account: VerifiedAccount
  /** At most one for each device of the account, none for others. */
  readonly statements: readonly DeviceStatement[]
  readonly observed: {
    readonly status: Status
    /** Unix milliseconds; only while offline and once seen. */
    readonly lastSeen: number | undefined
    readonly address: string | undefined
    readonly logIndex: number
    /** Its time is over by the directory's clock: the name is still its owner's, what the record says may be outdated. */
    readonly isExpired: boolean
  }
}

/**
 * Throws DirectoryError `forged` unless every part of the answer is signed, for this directory, by whom it should be.
 * `directoryTime` decides what has expired, so that a wrong clock on this machine cuts nobody off.
 */
export async function verifyUser(
  user: User,
  asked: Name,
  audience: Digest,
  directoryTime: number,
): Promise<VerifiedUser> {
  const forged = (what: string, cause?: unknown) =>
    new DirectoryError('forged', `the directory answered for ${asked} with ${what}`, { cause })
  try {
    const account = await verifyAccountRecord(user.record, audience)
    const { record } = account
    if (record.name !== asked) throw forged(`the record of ${record.name}`)
    if (user.name !== asked || user.accountId !== record.accountId) throw forged('another account than it signed for')
    const statements = await Promise.all(user.devices.map((jws) => verifyDeviceStatement(jws, audience)))
    const devices = new Set(account.devices.map((device) => device.deviceKey))
    for (const { accountId, deviceKey } of statements) {
      // Taking each device out of the set refuses the second statement of a device as well.
      if (accountId !== record.accountId || !devices.delete(deviceKey)) {
        throw forged(`a statement by ${deviceKey}, which the record does not list or which already made one`)
      }
    }
    const { status, lastSeen, observedAddress, logIndex } = user
    const isExpired = record.expiresAt <= directoryTime
    return { account, statements, observed: { status, lastSeen, address: observedAddress, logIndex, isExpired } }
  } catch (error) {
    if (error instanceof SignedObjectError) throw forged(`what does not verify: ${error.message}`, error)
    throw error
  }
}
