import type { User } from '@parley/shared/directory-api/users.ts'
import { digestOf } from '@parley/shared/hashes.ts'
import type { DeviceKey, Name } from '@parley/shared/ids.ts'
import { type DeviceStatement, verifyDeviceStatement } from '@parley/shared/signed/device-statement.ts'
import type { Jws } from '@parley/shared/signed/jws.ts'
import type { UserRow } from '#store/users-table.ts'
import { decide, type RecordsContext, requireDevice } from './context.ts'
import { RefusedError, staleSeq } from './refused-error.ts'

export interface StatementPublished {
  readonly outcome: 'created' | 'updated' | 'unchanged'
  readonly user: User
}

/** Publishes what devices say of themselves. */
export class DeviceStatements {
  readonly #context: RecordsContext
  readonly #userOf: (row: UserRow) => User

  constructor(options: { readonly context: RecordsContext; readonly userOf: (row: UserRow) => User }) {
    this.#context = options.context
    this.#userOf = options.userOf
  }

  /** Resolves when the statement is on disk. Rejects with SignedObjectError or RefusedError. */
  async publish(name: Name, device: DeviceKey, jws: Jws, observedAddress: string): Promise<StatementPublished> {
    const statement = await verifyDeviceStatement(jws, this.#context.audience)
    if (statement.deviceKey !== device) {
      throw new RefusedError('bad-request', 'the statement is by another device than the address names')
    }
    const { outcome, user } = await decide(this.#context, () => this.#decide(name, statement, jws))
    return { outcome, user: { ...user, observedAddress } }
  }

  #decide(name: Name, statement: DeviceStatement, jws: Jws): StatementPublished | RefusedError {
    const { counters, statements } = this.#context.tables
    const { accountId, deviceKey, seq } = statement
    const row = requireDevice(this.#context, { name, accountId, deviceKey })
    if (row instanceof RefusedError) return row
    const before = counters.get(accountId, deviceKey, 'statement')
    const digest = digestOf(jws)
    if (before?.digest === digest) return { outcome: 'unchanged', user: this.#userOf(row) }
    if (before !== undefined && seq <= before.n) return staleSeq('seq', before.n)
    counters.put(accountId, deviceKey, 'statement', { n: seq, digest })
    statements.put(accountId, deviceKey, jws)
    return { outcome: before === undefined ? 'created' : 'updated', user: this.#userOf(row) }
  }
}
