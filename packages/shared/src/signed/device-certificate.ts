import type { KeyObject } from 'node:crypto'
import { z } from 'zod'
import { AccountId, AccountKey, DeviceKey } from '#ids.ts'
import { type Jws, readObject, signObject, verifyObject } from '#signed/jws.ts'

const TYP = 'parley-device+jws'

/** The account key says: this device, with this Signal identity, is mine. No audience: it is the same in every directory. */
export const DeviceCertificate = z.strictObject({
  v: z.literal(1),
  accountId: AccountId,
  accountKey: AccountKey,
  deviceKey: DeviceKey,
  /** Curve25519 public key in libsignal's form: type byte 5, then 32 bytes. */
  signalIdentity: z.string().regex(/^B[A-Za-z0-9_-]{43}$/),
  /** Unix milliseconds. */
  issuedAt: z.int().nonnegative(),
})
export type DeviceCertificate = z.infer<typeof DeviceCertificate>

export function signDeviceCertificate(certificate: Omit<DeviceCertificate, 'v'>, accountKey: KeyObject): Promise<Jws> {
  return signObject(TYP, { v: 1, ...certificate } satisfies DeviceCertificate, accountKey)
}

/**
 * A certificate whose signature is by the account key it names. Whether that key speaks for the accountId is another question:
 * `verifyRotations` answers it. Throws SignedObjectError.
 */
export function verifyDeviceCertificate(jws: string): Promise<DeviceCertificate> {
  return verifyObject(TYP, DeviceCertificate, jws, ({ accountKey }) => accountKey)
}

/** What a certificate says that was verified before, and kept. Throws SignedObjectError when it is none. */
export function readDeviceCertificate(jws: string): DeviceCertificate {
  return readObject(TYP, DeviceCertificate, jws)
}
