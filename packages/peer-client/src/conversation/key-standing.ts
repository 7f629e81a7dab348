// Which of an account's keys somebody presents, as far as it can be told without asking anybody.
import { accountIdOf } from '@parley/shared/hashes.ts'
import type { AccountId, AccountKey } from '@parley/shared/ids.ts'
import { MAX_ROTATIONS } from '@parley/shared/limits.ts'
import { type Jws, SignedObjectError } from '@parley/shared/signed/jws.ts'
import { verifyRotations, verifyRotationsFrom } from '@parley/shared/signed/rotation.ts'

/** The keys of a contact that are known. */
export interface KnownKeys {
  readonly inForce: AccountKey
  readonly former: ReadonlySet<AccountKey>
  readonly refused: ReadonlySet<AccountKey>
}

/**
 * `rotated`: a known key signed over to it. `outdated`: it was in force once, and has signed over to the one that is now.
 * `changed`: it is the account's, and no known key signed for it; two chains begin at one key. `unproven`: nothing shows that it
 * is the account's at all.
 */
export type KeyStanding = 'same' | 'rotated' | 'outdated' | 'refused' | 'changed' | 'unproven'

/** `keys` is the proven chain that ends in the presented key, if there is one. */
export function keyStanding(known: KnownKeys, key: AccountKey, keys: readonly AccountKey[] | undefined): KeyStanding {
  if (key === known.inForce) return 'same'
  if (known.former.has(key)) return 'outdated'
  if (known.refused.has(key)) return 'refused'
  if (keys === undefined) return 'unproven'
  return keys.includes(known.inForce) ? 'rotated' : 'changed'
}

/**
 * The keys of the account up to this one, in order, or undefined when nothing shows that it speaks for the account. A chain that
 * does not go back to the first key, as in a hello that has no room for all of it, may begin at a key that is known.
 */
export async function provenKeys(
  account: AccountId,
  key: AccountKey,
  rotations: readonly Jws[],
  known: KnownKeys | undefined,
): Promise<readonly AccountKey[] | undefined> {
  if (rotations.length === 0) return accountIdOf(key) === account ? [key] : undefined
  return (
    (await verifyRotations(account, key, rotations).catch(unlessSignedObjectError)) ??
    (known === undefined ? undefined : await laterKeys(account, key, rotations, known))
  )
}

async function laterKeys(
  account: AccountId,
  key: AccountKey,
  rotations: readonly Jws[],
  { inForce, former }: KnownKeys,
): Promise<readonly AccountKey[] | undefined> {
  const keys = await verifyRotationsFrom(account, key, rotations).catch(unlessSignedObjectError)
  const [first] = keys ?? []
  if (keys === undefined || first === undefined || (first !== inForce && !former.has(first))) return undefined
  const all = new Set([...former, inForce, ...keys])
  // No record could show a longer chain.
  return all.size > MAX_ROTATIONS + 1 ? undefined : keys
}

function unlessSignedObjectError(error: unknown): undefined {
  if (error instanceof SignedObjectError) return undefined
  throw error
}
