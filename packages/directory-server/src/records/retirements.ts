import type { AccountId, AccountKey, Name } from '@parley/shared/ids.ts'
import type { Jws } from '@parley/shared/signed/jws.ts'
import { type Retirement, verifyRetirement } from '@parley/shared/signed/retirement.ts'
import { decide, type RecordsContext } from './context.ts'
import { forgetUnlistedDevices } from './forgotten-devices.ts'
import { RefusedError, staleSeq } from './refused-error.ts'

export interface RetirementsOptions {
  readonly context: RecordsContext
  readonly onRetired: (accountId: AccountId, name: Name) => void
}

/** Takes names back from accounts that give them up. */
export class Retirements {
  readonly #context: RecordsContext
  readonly #onRetired: RetirementsOptions['onRetired']

  constructor({ context, onRetired }: RetirementsOptions) {
    this.#context = context
    this.#onRetired = onRetired
  }

  /** Resolves when the retirement is on disk; the same one again changes nothing. Rejects with SignedObjectError or RefusedError. */
  async retire(name: Name, jws: Jws): Promise<void> {
    const { tables, audience } = this.#context
    if (this.#isAlreadyRetiredBy(name, jws)) return
    const holder = tables.users.holder(name)
    if (holder === undefined) throw new RefusedError('unknown-name', `nobody holds the name ${name}`)
    const retirement = await verifyRetirement(jws, audience, holder.accountKey)
    if (retirement.name !== name || retirement.accountId !== holder.accountId) {
      throw new RefusedError(
        'wrong-name',
        `the retirement is not by the account that holds ${name}, or of another name`,
      )
    }
    if (await decide(this.#context, () => this.#decide(retirement, jws, holder.accountKey))) {
      this.#onRetired(retirement.accountId, name)
    }
  }

  /** False when an equal request was first. */
  #decide(retirement: Retirement, jws: Jws, verifiedWith: AccountKey): boolean | RefusedError {
    const { tables, now } = this.#context
    const { name, accountId, seq } = retirement
    if (this.#isAlreadyRetiredBy(name, jws)) return false
    const holder = tables.users.holder(name)
    if (holder?.accountId !== accountId) return new RefusedError('unknown-name', `nobody holds the name ${name}`)
    if (holder.accountKey !== verifiedWith) {
      return new RefusedError('key-changed', 'the account key was rotated meanwhile; sign with the key in force')
    }
    if (seq <= holder.seq) return staleSeq('seq', holder.seq)

    tables.log.append('retirement', jws)
    tables.users.retire({
      name,
      accountId,
      seq,
      retiredAt: now(),
      movedTo: retirement.movedTo ?? null,
      retirement: jws,
    })
    tables.search.remove(name)
    const devices = tables.devices.of(name)
    tables.devices.replace(name, accountId, [])
    forgetUnlistedDevices(tables, accountId, devices)
    if (tables.users.namesOf(accountId).length === 0) tables.sightings.remove(accountId)
    else tables.sightings.namesChanged(accountId)
    return true
  }

  #isAlreadyRetiredBy(name: Name, jws: Jws): boolean {
    const { users } = this.#context.tables
    return users.holder(name) === undefined && users.lastRetired(name)?.retirement === jws
  }
}
