import { isIP } from 'node:net'
import type { UserSummary } from '@parley/shared/directory-api/users.ts'
import { foldName } from '@parley/shared/ids.ts'
import type { FoundUser } from '@parley/shared/local-api/peers.ts'
import type { DirectoryClient } from '#directory/directory-client.ts'
import { ConversationError } from './conversation-error.ts'

const MAX_FOUND = 20

type Asked = Pick<DirectoryClient, 'lookup' | 'lookupByAddress'>

/** By IP address or by exact name. What is found was not met: nothing is pinned by looking. */
export async function findUsers(
  directory: Asked | undefined,
  query: string,
  signal?: AbortSignal,
): Promise<FoundUser[]> {
  if (directory === undefined)
    throw new ConversationError('no-directory', 'this profile uses no directory: there is nobody to ask')
  if (isIP(query) !== 0)
    return (await directory.lookupByAddress(query, { limit: MAX_FOUND, signal })).users.map(summary)
  const name = foldName(query)
  const user = name === undefined ? undefined : await directory.lookup(name, { signal })
  if (user === undefined) return []
  const { record } = user.account
  const { status, lastSeen, address } = user.observed
  return [
    {
      name: record.name,
      displayName: record.displayName,
      account: record.accountId,
      status,
      ...(lastSeen === undefined ? {} : { lastSeen }),
      ...(address === undefined ? {} : { address }),
    },
  ]
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
