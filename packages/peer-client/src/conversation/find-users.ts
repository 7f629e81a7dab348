import { isIP } from 'node:net'
import type { UserSummary } from '@parley/shared/directory-api/users.ts'
import { type AccountId, foldName, type Name } from '@parley/shared/ids.ts'
import { MAX_SEARCH_RESULTS } from '@parley/shared/limits.ts'
import type { FoundUser } from '@parley/shared/local-api/peers.ts'
import type { DirectoryClient } from '#directory/directory-client.ts'
import type { FollowedUser } from '#directory/moves.ts'
import { ConversationError } from './conversation-error.ts'

type Asked = Pick<DirectoryClient, 'follow' | 'lookupByAddress' | 'search'>

/**
 * By IP address; or by name, where it moved included, and then whoever the directory finds by name, display name and status text.
 * What is found was not met: nothing is pinned by looking.
 */
export async function findUsers(
  directory: Asked | undefined,
  pinned: (name: Name) => AccountId | undefined,
  query: string,
  signal?: AbortSignal,
): Promise<FoundUser[]> {
  if (directory === undefined)
    throw new ConversationError('no-directory', 'this profile uses no directory: there is nobody to ask')
  const limit = MAX_SEARCH_RESULTS
  if (isIP(query) !== 0)
    return (await directory.lookupByAddress(query, { limit, signal })).users.map((user) =>
      marked(summary(user), pinned),
    )
  const name = foldName(query)
  const [exact, others] = await Promise.all([
    name === undefined ? undefined : directory.follow(name, { signal }),
    query.trim() === '' ? [] : directory.search(query, { limit, signal }),
  ])
  const first = exact === undefined ? [] : [verified(exact)]
  const rest = others.map(summary).filter((user) => user.name !== first[0]?.name)
  return [...first, ...rest].slice(0, limit).map((user) => marked(user, pinned))
}

function verified({ user, movedFrom }: FollowedUser): FoundUser {
  const { record } = user.account
  const { status, lastSeen, address } = user.observed
  const { statusText } = record.profile
  return {
    name: record.name,
    displayName: record.displayName,
    account: record.accountId,
    status,
    ...(lastSeen === undefined ? {} : { lastSeen }),
    ...(address === undefined ? {} : { address }),
    ...(statusText === undefined ? {} : { statusText }),
    ...(movedFrom[0] === undefined ? {} : { movedFrom: movedFrom[0] }),
  }
}

function summary(user: UserSummary): FoundUser {
  const { name, displayName, accountId: account, status, lastSeen, statusText, observedAddress: address } = user
  return {
    name,
    displayName,
    account,
    status,
    ...(lastSeen === undefined ? {} : { lastSeen }),
    ...(address === undefined ? {} : { address }),
    ...(statusText === undefined ? {} : { statusText }),
  }
}

/** The bob of the directory need not be the bob I know. */
function marked(user: FoundUser, pinned: (name: Name) => AccountId | undefined): FoundUser {
  const name = foldName(user.name)
  const known = name === undefined ? undefined : pinned(name)
  return known === undefined || known === user.account ? user : { ...user, isSomebodyElse: true }
}
