import type { KeyObject } from 'node:crypto'
import { isIP } from 'node:net'
import { z } from 'zod'
import { AccountId, DeviceKey, Digest } from '#ids.ts'
import { MAX_ENDPOINTS, MAX_FEATURE_CHARS, MAX_FEATURES } from '#limits.ts'
import { type Jws, SignedObjectError, signObject, verifyObject } from '#signed/jws.ts'

const TYP = 'parley-statement+jws'

/** Where a device can be dialled. Numeric addresses only: a name would let the statement choose who resolves it. */
export const Endpoint = z.strictObject({
  transport: z.enum(['tcp']),
  host: z
    .string()
    .max(45)
    .refine((host) => isIP(host) !== 0, 'a numeric IPv4 or IPv6 address'),
  port: z.int().min(1).max(65_535),
})
export type Endpoint = z.infer<typeof Endpoint>

export const Features = z.array(z.string().min(1).max(MAX_FEATURE_CHARS)).max(MAX_FEATURES)

/** What a device says of itself: where it listens and what it can do. Signed by the device key, frequent, not logged. */
export const DeviceStatement = z.strictObject({
  v: z.literal(1),
  aud: Digest,
  accountId: AccountId,
  deviceKey: DeviceKey,
  endpoints: z.array(Endpoint).max(MAX_ENDPOINTS),
  features: Features,
  /** Rises with every statement of this device. */
  seq: z.int().positive(),
  /** Unix milliseconds. */
  issuedAt: z.int().nonnegative(),
})
export type DeviceStatement = z.infer<typeof DeviceStatement>

export function signDeviceStatement(statement: Omit<DeviceStatement, 'v'>, deviceKey: KeyObject): Promise<Jws> {
  return signObject(TYP, { v: 1, ...statement } satisfies DeviceStatement, deviceKey)
}

/** Throws SignedObjectError. Whether the device belongs to the account is for the record to say. */
export async function verifyDeviceStatement(jws: string, audience: Digest): Promise<DeviceStatement> {
  const statement = await verifyObject(TYP, DeviceStatement, jws, ({ deviceKey }) => deviceKey)
  if (statement.aud !== audience)
    throw new SignedObjectError('wrong-audience', 'this statement was signed for another directory')
  return statement
}
