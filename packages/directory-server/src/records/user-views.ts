import type { PresenceChange } from '@parley/shared/directory-api/presence.ts'
import type { User, UserSummary, UsersPage, UsersQuery } from '@parley/shared/directory-api/users.ts'
import type { AccountId, Name } from '@parley/shared/ids.ts'
import type { ListedRow } from '#store/listing.ts'
import type { FoundRow } from '#store/search-index.ts'
import type { Tables } from '#store/store.ts'
import type { UserRow } from '#store/users-table.ts'
import { RefusedError } from './refused-error.ts'

export interface UserViewsOptions {
  readonly tables: Pick<Tables, 'listing' | 'sightings' | 'statements' | 'users'>
  readonly isOnline: (accountId: AccountId) => boolean
}

/** What the directory tells of its users. */
export class UserViews {
  readonly #tables: UserViewsOptions['tables']
  readonly #isOnline: UserViewsOptions['isOnline']

  constructor({ tables, isOnline }: UserViewsOptions) {
    this.#tables = tables
    this.#isOnline = isOnline
  }

  /** Undefined when nobody holds the name. */
  find(name: Name): { user: User; expiresAt: number } | undefined {
    const holder = this.#tables.users.holder(name)
    return holder && { user: this.userOf(holder), expiresAt: holder.expiresAt }
  }

  /** Throws `unknown-name`, which carries the retirement of who held the name last, and says where they moved to. */
  user(name: Name): User {
    const found = this.find(name)
    if (found !== undefined) return found.user
    throw unknownName(name, this.#tables.users.lastRetired(name))
  }

  userOf(row: UserRow): User {
    return {
      accountId: row.accountId,
      name: row.name,
      record: row.record,
      devices: this.#tables.statements.ofName(row.name),
      ...this.#seen(row),
      logIndex: row.logIndex,
    }
  }

  /** What a search tells of somebody it found. */
  found(row: FoundRow): UserSummary {
    return summaryOf(row, this.#seen(row))
  }

  /** For watchers. A name that nobody holds is offline and was never seen, and so is one that hides its presence. */
  presenceOf(name: Name): PresenceChange {
    const holder = this.#tables.users.holder(name)
    if (holder === undefined) return { name, status: 'offline' }
    const { status, lastSeen } = this.#seen(holder)
    return { name, status, ...(lastSeen !== undefined && { lastSeen }) }
  }

  /** `after` is the last name of the page before. */
  page({ limit, status, ip }: Omit<UsersQuery, 'cursor'>, after: string): UsersPage & { last?: Name } {
    const rows = this.#tables.listing.page({ after, limit: limit + 1, status, address: ip })
    const users = rows.slice(0, limit).map((row) => summaryOf(row, seenOf(row)))
    const last = rows.length > limit ? users.at(-1)?.name : undefined
    return { users, ...(last !== undefined && { last }) }
  }

  #seen({ accountId, hidesPresence }: Pick<FoundRow, 'accountId' | 'hidesPresence'>): Seen {
    if (hidesPresence === 1) return HIDDEN
    const { lastSeen = null, address = null } = this.#tables.sightings.get(accountId) ?? {}
    return seen(this.#isOnline(accountId), lastSeen, address)
  }
}

function unknownName(name: Name, last: UserRow | undefined): RefusedError {
  if (last?.retirement == null) return new RefusedError('unknown-name', `nobody holds the name ${name}`)
  const { retirement, movedTo } = last
  if (movedTo === null) return new RefusedError('unknown-name', `${name} was given up`, { retirement })
  const sentence = `${name} was given up; its account moved to ${movedTo}`
  return new RefusedError('unknown-name', sentence, { movedTo, retirement })
}

function summaryOf(row: Omit<FoundRow, 'expiresAt'>, seen: Seen): UserSummary {
  return {
    accountId: row.accountId,
    name: row.name,
    displayName: row.displayName,
    ...(row.statusText !== null && { statusText: row.statusText }),
    ...seen,
  }
}

function seenOf(row: ListedRow): Seen {
  return row.hidesPresence === 1 ? HIDDEN : seen(row.isOnline === 1, row.lastSeen, row.address)
}

type Seen = Pick<User, 'status' | 'lastSeen' | 'observedAddress'>

const HIDDEN: Seen = { status: 'offline' }

function seen(isOnline: boolean, lastSeen: number | null, address: string | null): Seen {
  return {
    status: isOnline ? 'online' : 'offline',
    ...(!isOnline && lastSeen !== null && { lastSeen }),
    ...(address !== null && { observedAddress: address }),
  }
}
