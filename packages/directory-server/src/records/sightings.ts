import type { AccountId } from '@parley/shared/ids.ts'
import type { RecordsContext } from './context.ts'

/** Resolves when it is on disk that the account is here now. Nothing is kept of an account that gave up its last name. */
export function recordSighting(context: RecordsContext, accountId: AccountId, address?: string): Promise<void> {
  const { tables, commit, now } = context
  return commit.run(() => {
    if (tables.users.namesOf(accountId).length > 0) tables.sightings.seen(accountId, now(), address)
  })
}
