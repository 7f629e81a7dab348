import type { KeyObject } from 'node:crypto'
import { z } from 'zod'
import { AccountId, type AccountKey, Digest, Name } from '#ids.ts'
import { type Jws, SignedObjectError, signObject, verifyObject } from '#signed/jws.ts'

const TYP = 'parley-retirement+jws'

/** The account gives its name up. `seq` continues the count of its records, so an older retirement cannot end a newer record. */
export const Retirement = z.strictObject({
  v: z.literal(1),
  aud: Digest,
  accountId: AccountId,
  name: Name,
  seq: z.int().positive(),
  movedTo: Name.optional(),
  /** Unix milliseconds. */
  issuedAt: z.int().nonnegative(),
})
export type Retirement = z.infer<typeof Retirement>

export function signRetirement(retirement: Omit<Retirement, 'v'>, accountKey: KeyObject): Promise<Jws> {
  return signObject(TYP, { v: 1, ...retirement } satisfies Retirement, accountKey)
}

/** Throws SignedObjectError. */
export async function verifyRetirement(jws: string, audience: Digest, accountKey: AccountKey): Promise<Retirement> {
  const retirement = await verifyObject(TYP, Retirement, jws, () => accountKey)
  if (retirement.aud !== audience)
    throw new SignedObjectError('wrong-audience', 'this retirement was signed for another directory')
  return retirement
}
