// The three short-lived things a device key signs for a directory: "I am here" (heartbeat), "give me one of his prekeys"
// (claim) and the answer to a presence challenge. `n` rises per device, so an old proof is worthless and no clock decides.
import type { KeyObject } from 'node:crypto'
import { z } from 'zod'
import { AccountId, DeviceKey, Digest, Name } from '#ids.ts'
import { type Jws, SignedObjectError, signObject, verifyObject } from '#signed/jws.ts'

const device = {
  v: z.literal(1),
  aud: Digest,
  accountId: AccountId,
  name: Name,
  deviceKey: DeviceKey,
}

export const Heartbeat = z.strictObject({
  ...device,
  status: z.enum(['online', 'offline']),
  n: z.int().positive(),
})
export type Heartbeat = z.infer<typeof Heartbeat>

export const PrekeyClaim = z.strictObject({
  ...device,
  target: DeviceKey,
  n: z.int().positive(),
})
export type PrekeyClaim = z.infer<typeof PrekeyClaim>

/** `prekeys` = digestOf the batch text that travels beside this object. */
export const PrekeyUpload = z.strictObject({
  ...device,
  prekeys: Digest,
  n: z.int().positive(),
})
export type PrekeyUpload = z.infer<typeof PrekeyUpload>

/** `nonce`: the directory's 16 random bytes in base64url, fresh for each connection. */
export const PresenceProof = z.strictObject({
  ...device,
  nonce: z.string().regex(/^[A-Za-z0-9_-]{22}$/),
})
export type PresenceProof = z.infer<typeof PresenceProof>

const KINDS = {
  heartbeat: { typ: 'parley-heartbeat+jws', schema: Heartbeat },
  claim: { typ: 'parley-claim+jws', schema: PrekeyClaim },
  upload: { typ: 'parley-prekeys+jws', schema: PrekeyUpload },
  presence: { typ: 'parley-presence+jws', schema: PresenceProof },
} as const
type Kind = keyof typeof KINDS
type Proof<K extends Kind> = z.infer<(typeof KINDS)[K]['schema']>

export function signDeviceProof<K extends Kind>(
  kind: K,
  proof: Omit<Proof<K>, 'v'>,
  deviceKey: KeyObject,
): Promise<Jws> {
  return signObject(KINDS[kind].typ, { v: 1, ...proof }, deviceKey)
}

/** A proof by the device it names. Whether that device belongs to the account is for the record to say. Throws SignedObjectError. */
export async function verifyDeviceProof<K extends Kind>(kind: K, jws: string, audience: Digest): Promise<Proof<K>> {
  const { typ, schema } = KINDS[kind]
  const proof = await verifyObject(typ, schema, jws, ({ deviceKey }) => deviceKey)
  if (proof.aud !== audience) throw new SignedObjectError('wrong-audience', 'this was signed for another directory')
  return schema.parse(proof) as Proof<K>
}
