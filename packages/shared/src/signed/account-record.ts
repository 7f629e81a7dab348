import type { KeyObject } from 'node:crypto'
import { z } from 'zod'
import { AccountId, AccountKey, DeviceKey, Digest, Name } from '#ids.ts'
import { MAX_DEVICES, MAX_DISPLAY_NAME_CHARS, MAX_REVOKED_DEVICES, MAX_STATUS_TEXT_CHARS } from '#limits.ts'
import { type DeviceCertificate, verifyDeviceCertificate } from '#signed/device-certificate.ts'
import { checkSignature, Jws, readObject, SignedObjectError, signObject } from '#signed/jws.ts'
import { Rotations, verifyRotations } from '#signed/rotation.ts'

const TYP = 'parley-record+jws'

export const Profile = z.strictObject({
  statusText: z.string().max(MAX_STATUS_TEXT_CHARS).optional(),
  /** SHA-256 of the picture; the picture itself travels between peers. */
  avatar: Digest.optional(),
})

/** What an account says of itself in one directory. Signed by the account key, rare, logged. */
export const AccountRecord = z.strictObject({
  v: z.literal(1),
  aud: Digest,
  accountId: AccountId,
  accountKey: AccountKey,
  rotations: Rotations,
  name: Name,
  displayName: z.string().min(1).max(MAX_DISPLAY_NAME_CHARS),
  profile: Profile,
  devices: z.array(Jws).min(1).max(MAX_DEVICES),
  revoked: z.array(DeviceKey).max(MAX_REVOKED_DEVICES),
  /** Rises by at least one with every record. */
  seq: z.int().positive(),
  /** `digestOf` the record before this one, null in the first. */
  prev: Digest.nullable(),
  /** Unix milliseconds. */
  issuedAt: z.int().nonnegative(),
  expiresAt: z.int().positive(),
  /** Asks the directory to tell nobody whether the account is here, when it was, and from where it came. */
  hidePresence: z.literal(true).optional(),
})
export type AccountRecord = z.infer<typeof AccountRecord>

export interface VerifiedAccount {
  readonly record: AccountRecord
  /** The record as signed. */
  readonly jws: Jws
  /** First to last; the last is `record.accountKey`. */
  readonly keys: readonly AccountKey[]
  /** Without the revoked ones. */
  readonly devices: readonly CertifiedDevice[]
}

export interface CertifiedDevice extends DeviceCertificate {
  /** The certificate as signed. */
  readonly jws: Jws
}

export function signAccountRecord(record: Omit<AccountRecord, 'v'>, accountKey: KeyObject): Promise<Jws> {
  return signObject(TYP, { v: 1, ...record } satisfies AccountRecord, accountKey)
}

/**
 * Checks all that can be checked without having met the account: signature, audience, key chain, certificates.
 * Expiry is left to the caller, who knows whose clock decides. Throws SignedObjectError.
 */
export async function verifyAccountRecord(jws: string, audience: Digest): Promise<VerifiedAccount> {
  const record = readObject(TYP, AccountRecord, jws)
  // At the same time as the signature around them, because one takes as long as the other. Which of them fails is told in order.
  const certified = Promise.all(record.devices.map(async (jws) => ({ ...(await verifyDeviceCertificate(jws)), jws })))
  certified.catch(() => {})
  await checkSignature(TYP, jws, record.accountKey)
  if (record.aud !== audience)
    throw new SignedObjectError('wrong-audience', 'this record was signed for another directory')
  const keys = await verifyRotations(record.accountId, record.accountKey, record.rotations)
  const devices = await certified
  for (const device of devices) {
    if (device.accountId !== record.accountId || device.accountKey !== record.accountKey) {
      throw new SignedObjectError('bad-certificate', 'a device certificate is not by the account key of this record')
    }
  }
  if (new Set(devices.map((device) => device.deviceKey)).size !== devices.length) {
    throw new SignedObjectError('bad-certificate', 'a device is listed twice')
  }
  return {
    record,
    jws: Jws.parse(jws),
    keys,
    devices: devices.filter((device) => !record.revoked.includes(device.deviceKey)),
  }
}
