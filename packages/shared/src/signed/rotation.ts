// An account key hands over to the next one. The chain from the first key (whose hash is the accountId) to the key in force
// lets anybody check an account from its id alone, without asking the directory to be believed.
import type { KeyObject } from 'node:crypto'
import { z } from 'zod'
import { accountIdOf } from '#hashes.ts'
import { AccountId, AccountKey } from '#ids.ts'
import { MAX_ROTATIONS } from '#limits.ts'
import { Jws, readObject, SignedObjectError, signObject, verifyObject } from '#signed/jws.ts'

const TYP = 'parley-rotation+jws'

export const Rotation = z.strictObject({
  v: z.literal(1),
  accountId: AccountId,
  /** The key that signs. */
  from: AccountKey,
  to: AccountKey,
})
export type Rotation = z.infer<typeof Rotation>

export const Rotations = z.array(Jws).max(MAX_ROTATIONS)

export function signRotation(rotation: Omit<Rotation, 'v'>, oldKey: KeyObject): Promise<Jws> {
  return signObject(TYP, { v: 1, ...rotation } satisfies Rotation, oldKey)
}

/** All keys of the account, first to last. Throws `bad-rotation` unless the chain leads from the accountId to `inForce`. */
export async function verifyRotations(
  accountId: AccountId,
  inForce: AccountKey,
  rotations: readonly Jws[],
): Promise<AccountKey[]> {
  const keys = await verifyRotationsFrom(accountId, inForce, rotations)
  const [first] = keys
  if (first === undefined || accountIdOf(first) !== accountId) {
    throw new SignedObjectError('bad-rotation', 'the accountId is not the hash of the first account key')
  }
  return keys
}

/**
 * The keys along the end of a chain, in order. Whether its first one belongs to the account is for the caller to know. Throws
 * `bad-rotation` unless it is a chain that leads to `inForce`.
 */
export async function verifyRotationsFrom(
  accountId: AccountId,
  inForce: AccountKey,
  rotations: readonly Jws[],
): Promise<AccountKey[]> {
  const keys: AccountKey[] = []
  for (const jws of rotations) {
    const link = await verifyObject(TYP, Rotation, jws, (rotation) => rotation.from)
    if (link.accountId !== accountId)
      throw new SignedObjectError('bad-rotation', 'a rotation belongs to another account')
    if (keys.length > 0 && keys.at(-1) !== link.from)
      throw new SignedObjectError('bad-rotation', 'the rotations are not a chain')
    if (keys.length === 0) keys.push(link.from)
    keys.push(link.to)
  }
  if (keys.length === 0) keys.push(inForce)
  if (keys.at(-1) !== inForce)
    throw new SignedObjectError('bad-rotation', 'the rotations do not lead to the account key in force')
  return keys
}

/** The keys that were in force before the last rotation, of a chain that was verified before. Throws SignedObjectError. */
export function formerKeys(rotations: readonly Jws[]): AccountKey[] {
  return rotations.map((jws) => readObject(TYP, Rotation, jws).from)
}
