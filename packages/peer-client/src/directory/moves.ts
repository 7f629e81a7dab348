import type { Digest, Name } from '@parley/shared/ids.ts'
import { MAX_NAME_MOVES } from '@parley/shared/limits.ts'
import { type Jws, SignedObjectError } from '@parley/shared/signed/jws.ts'
import { verifyRetirement } from '@parley/shared/signed/retirement.ts'
import { DirectoryError } from './directory-error.ts'
import type { VerifiedUser } from './verified-user.ts'

/** What the directory says of a name that was given up for another one. Its word only, until the account at the end is known. */
export interface Move {
  readonly from: Name
  readonly to: Name
  readonly retirement: Jws
}

/** An account, and the names that it had before, as it signed itself. */
export interface FollowedUser {
  readonly user: VerifiedUser
  /** The one that was asked for first; empty when it is the account's name now. */
  readonly movedFrom: readonly Name[]
}

/** The move that an answer tells of, if it does. */
export function moveOf(name: Name, error: unknown): Move | undefined {
  const problem = error instanceof DirectoryError ? error.problem : undefined
  if (problem?.code !== 'unknown-name' || problem.movedTo === undefined || problem.retirement === undefined)
    return undefined
  return { from: name, to: problem.movedTo, retirement: problem.retirement }
}

/**
 * Goes from name to name to the account that holds the last one; undefined when nobody does. Throws DirectoryError `forged`
 * unless that account signed every step: a directory can send nobody to somebody else.
 */
export async function followMoves(
  asked: Name,
  audience: () => Promise<Digest>,
  lookup: (name: Name) => Promise<VerifiedUser | Move | undefined>,
): Promise<FollowedUser | undefined> {
  const moves: Move[] = []
  let found = await lookup(asked)
  while (found !== undefined && 'retirement' in found) {
    // Beyond this, or in a circle, there is nobody to be found.
    if (moves.length >= MAX_NAME_MOVES) return undefined
    moves.push(found)
    found = await lookup(found.to)
  }
  if (found === undefined) return undefined
  for (const move of moves) await verifyMove(move, found, await audience())
  return { user: found, movedFrom: moves.map(({ from }) => from) }
}

async function verifyMove({ from, to, retirement: jws }: Move, { account }: VerifiedUser, audience: Digest) {
  const { accountId } = account.record
  // It was signed with the key of that time.
  for (const key of account.keys.toReversed()) {
    const retirement = await verifyRetirement(jws, audience, key).catch(unlessSignedObjectError)
    if (retirement?.accountId === accountId && retirement.name === from && retirement.movedTo === to) return
  }
  throw new DirectoryError('forged', `the directory says that ${from} is ${to} now, which ${to} never signed`)
}

function unlessSignedObjectError(error: unknown): undefined {
  if (error instanceof SignedObjectError) return undefined
  throw error
}
