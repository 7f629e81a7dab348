import { isIP } from 'node:net'
import type { UserSummary } from '@parley/shared/directory-api/users.ts'
import { type AccountId, foldName, type Name } from '@parley/shared/ids.ts'
import type { FoundUser } from '@parley/shared/local-api/peers.ts'
import type { DirectoryClient } from '#directory/directory-client.ts'
import { ConversationError } from './conversation-error.ts'

const MAX_FOUND = 20

type Asked = Pick<DirectoryClient, 'lookup' | 'lookupByAddress'>

/** By IP address or by exact name. What is found was not met: nothing is pinned by looking. */
export async function findUsers(
  directory: Asked | undefined,
  pinned: (name: Name) => AccountId | undefined,
  query: string,
  signal?: AbortSignal,
): Promise<FoundUser[]> {
  if (directory === undefined)
    throw new ConversationError('no-directory', 'this profile uses no directory: there is nobody to ask')
  if (isIP(query) !== 0)
    return (await directory.lookupByAddress(query, { limit: MAX_FOUND, signal })).users.map((user) =>
      marked(summary(user), pinned),
    )
  const name = foldName(query)
  const user = name === undefined ? undefined : await directory.lookup(name, { signal })
  if (user === undefined) return []
  const { record } = user.account
  const { status, lastSeen, address } = user.observed
  const found = {
    name: record.name,
    displayName: record.displayName,
    account: record.accountId,
    status,
    ...(lastSeen === undefined ? {} : { lastSeen }),
    ...(address === undefined ? {} : { address }),
  }
  return [marked(found, pinned)]
}

function summary({
  name,
  displayName,
  accountId: account,
  status,
  lastSeen,
  observedAddress: address,
}: UserSummary): FoundUser {
  return {
    name,
    displayName,
    account,
    status,
    ...(lastSeen === undefined ? {} : { lastSeen }),
    ...(address === undefined ? {} : { address }),
  }
}

/** The bob of the directory need not be the bob I know. */
function marked(user: FoundUser, pinned: (name: Name) => AccountId | undefined): FoundUser {
  const name = foldName(user.name)
  const known = name === undefined ? undefined : pinned(name)
  return known === undefined || known === user.account ? user : { ...user, isSomebodyElse: true }
}
