import type { User } from '@parley/shared/directory-api/users.ts'
import { digestOf } from '@parley/shared/hashes.ts'
import type { AccountId, Name } from '@parley/shared/ids.ts'
import { CLOCK_SLACK_MS, NAME_RESERVATION_MS, RECORD_LIFETIME_MS } from '@parley/shared/limits.ts'
import { isReservedName } from '@parley/shared/reserved-names.ts'
import { type VerifiedAccount, verifyAccountRecord } from '@parley/shared/signed/account-record.ts'
import type { UserRow } from '#store/users-table.ts'
import { decide, type RecordsContext } from './context.ts'
import { forgetUnlistedDevices } from './forgotten-devices.ts'
import { RefusedError, staleSeq } from './refused-error.ts'

export interface Published {
  readonly outcome: 'created' | 'updated' | 'unchanged'
  readonly user: User
}

export interface RecordChange {
  /** The account holds the name from now on, or lets others see its presence from now on, or no longer. */
  readonly isSeenAnew: boolean
}

export interface AccountRecordsOptions {
  readonly context: RecordsContext
  readonly userOf: (row: UserRow) => User
  /** Why the account may not take the name, which nobody holds; undefined when it may. */
  readonly judgeNew: (name: Name, accountId: AccountId) => RefusedError | undefined
  /** The name has a new record, which may list other devices. */
  readonly onPublished: (accountId: AccountId, name: Name, change: RecordChange) => void
}

/** Publishes account records: who may have which name, and which record follows which. */
export class AccountRecords {
  readonly #context: RecordsContext
  readonly #userOf: AccountRecordsOptions['userOf']
  readonly #judgeNew: AccountRecordsOptions['judgeNew']
  readonly #onPublished: AccountRecordsOptions['onPublished']

  constructor({ context, userOf, judgeNew, onPublished }: AccountRecordsOptions) {
    this.#context = context
    this.#userOf = userOf
    this.#judgeNew = judgeNew
    this.#onPublished = onPublished
  }

  isHeld(name: Name): boolean {
    return this.#context.tables.users.holder(name) !== undefined
  }

  /** Resolves when the record is on disk. Rejects with SignedObjectError or RefusedError. */
  async publish(name: Name, jws: string, observedAddress: string): Promise<Published> {
    const account = await verifyAccountRecord(jws, this.#context.audience)
    if (account.record.name !== name) {
      throw new RefusedError('wrong-name', `the record is for ${account.record.name}, the address is that of ${name}`)
    }
    const { isSeenAnew, ...published } = await decide(this.#context, () => this.#decide(account, observedAddress))
    if (published.outcome !== 'unchanged') this.#onPublished(account.record.accountId, name, { isSeenAnew })
    return published
  }

  #decide(account: VerifiedAccount, observedAddress: string): (Published & RecordChange) | RefusedError {
    const { record, jws } = account
    const { users, sightings } = this.#context.tables
    const now = this.#context.now()
    // Whoever asks may hear where it asks from, whatever the account hides; and nothing else, for a record can be sent by anybody.
    const mine = (user: User) => ({ ...user, observedAddress })
    const untimely = judgeExpiry(record.expiresAt, now)
    if (untimely !== undefined) return untimely

    const holder = users.holder(record.name)
    if (holder !== undefined && holder.accountId !== record.accountId) {
      return new RefusedError('name-taken', `the name ${record.name} belongs to another account`)
    }
    if (holder?.record === jws) return { outcome: 'unchanged', isSeenAnew: false, user: mine(this.#userOf(holder)) }
    if (holder === undefined && isReservedName(record.name)) {
      return new RefusedError('name-reserved', `nobody can register the name ${record.name} here`)
    }
    if (holder === undefined && this.#isReservedForOthers(record.name, record.accountId, now)) {
      return new RefusedError('name-reserved', `the name ${record.name} was given up lately and is still reserved`)
    }
    const refusal =
      (holder === undefined ? this.#judgeNew(record.name, record.accountId) : undefined) ??
      judgeSuccessor(users.ofAccount(record.name, record.accountId), account)
    if (refusal !== undefined) return refusal

    const row = this.#write(account)
    sightings.observed(record.accountId, observedAddress)
    const isSeenAnew = holder?.hidesPresence !== row.hidesPresence
    return { outcome: holder === undefined ? 'created' : 'updated', isSeenAnew, user: mine(this.#userOf(row)) }
  }

  #isReservedForOthers(name: Name, accountId: AccountId, now: number): boolean {
    const last = this.#context.tables.users.lastRetired(name)
    if (last === undefined || last.retiredAt === null || last.accountId === accountId) return false
    return now < last.retiredAt + NAME_RESERVATION_MS
  }

  #write({ record, jws, devices }: VerifiedAccount): UserRow {
    const { tables } = this.#context
    const row = {
      name: record.name,
      accountId: record.accountId,
      accountKey: record.accountKey,
      seq: record.seq,
      digest: digestOf(jws),
      displayName: record.displayName,
      statusText: record.profile.statusText ?? null,
      hidesPresence: record.hidePresence === true ? 1 : 0,
      expiresAt: record.expiresAt,
      logIndex: tables.log.append('record', jws),
      record: jws,
    }
    tables.users.put(row)
    tables.search.put(row)
    const before = tables.devices.of(record.name)
    tables.devices.replace(
      record.name,
      record.accountId,
      devices.map((device) => device.deviceKey),
    )
    forgetUnlistedDevices(tables, record.accountId, before)
    return { ...row, retiredAt: null, movedTo: null, retirement: null }
  }
}

function judgeExpiry(expiresAt: number, now: number): RefusedError | undefined {
  if (expiresAt <= now) return new RefusedError('expired', 'the record has expired by the clock of this directory')
  if (expiresAt > now + RECORD_LIFETIME_MS + CLOCK_SLACK_MS) {
    return new RefusedError('malformed', 'expiresAt is more than 365 days ahead by the clock of this directory')
  }
  return undefined
}

/** Whether the record continues what its account had under this name before, retired or not. */
function judgeSuccessor(before: UserRow | undefined, { record, keys }: VerifiedAccount): RefusedError | undefined {
  if (before === undefined) {
    if (record.prev === null) return undefined
    return new RefusedError('wrong-prev', 'the first record of an account under a name has prev null')
  }
  if (record.seq <= before.seq) return staleSeq('seq', before.seq)
  if (record.prev !== before.digest) {
    return new RefusedError('wrong-prev', `prev must be the digest of the record before, ${before.digest}`)
  }
  // The chain ends in the key in force now, so the old key is in it only if it signed one of the hand-overs.
  if (!keys.includes(before.accountKey)) {
    return new RefusedError('key-changed', 'the account key changed without a rotation signed by the key before')
  }
  return undefined
}
