import type { AccountId, AccountKey, Digest, Name } from '@parley/shared/ids.ts'
import type { Jws } from '@parley/shared/signed/jws.ts'
import type { Database, Statement } from 'better-sqlite3'

/** What an account has, or had, under a name. */
export interface UserRow {
  readonly name: Name
  readonly accountId: AccountId
  readonly accountKey: AccountKey
  /** Of the last record or retirement. */
  readonly seq: number
  /** Of the last record, which stays the `prev` of the next one through a retirement. */
  readonly digest: Digest
  readonly displayName: string
  readonly statusText: string | null
  /** 0 or 1. */
  readonly hidesPresence: number
  readonly expiresAt: number
  readonly logIndex: number
  readonly record: Jws
  readonly retiredAt: number | null
  readonly movedTo: Name | null
  readonly retirement: Jws | null
}

export type RecordInForce = Omit<UserRow, 'retiredAt' | 'movedTo' | 'retirement'>
export interface RetiredName {
  readonly name: Name
  readonly accountId: AccountId
  readonly seq: number
  readonly retiredAt: number
  readonly movedTo: Name | null
  readonly retirement: Jws
}

const COLUMNS = `name, account_id AS accountId, account_key AS accountKey, seq, digest, display_name AS displayName,
  status_text AS statusText, hides_presence AS hidesPresence, expires_at AS expiresAt, log_index AS logIndex, record, retired_at AS retiredAt,
  moved_to AS movedTo, retirement`

/** Who holds each name, and who held it before. */
export class UsersTable {
  readonly #holder: Statement<[Name], UserRow>
  readonly #count: Statement<[], number>
  readonly #ofAccount: Statement<[Name, AccountId], UserRow>
  readonly #lastRetired: Statement<[Name], UserRow>
  readonly #namesOf: Statement<[AccountId], Name>
  readonly #visibleNamesOf: Statement<[AccountId], Name>
  readonly #page: Statement<[string, number], UserRow>
  readonly #put: Statement<[RecordInForce]>
  readonly #retire: Statement<[RetiredName]>

  constructor(database: Database) {
    this.#count = database.prepare<[], number>('SELECT COUNT(*) FROM users WHERE retired_at IS NULL').pluck()
    this.#holder = database.prepare(`SELECT ${COLUMNS} FROM users WHERE name = ? AND retired_at IS NULL`)
    this.#ofAccount = database.prepare(`SELECT ${COLUMNS} FROM users WHERE name = ? AND account_id = ?`)
    this.#lastRetired = database.prepare(
      `SELECT ${COLUMNS} FROM users WHERE name = ? AND retired_at IS NOT NULL ORDER BY retired_at DESC, rowid DESC LIMIT 1`,
    )
    this.#namesOf = database
      .prepare<[AccountId], Name>('SELECT name FROM users WHERE account_id = ? AND retired_at IS NULL ORDER BY name')
      .pluck()
    this.#visibleNamesOf = database
      .prepare<[AccountId], Name>(
        'SELECT name FROM users WHERE account_id = ? AND retired_at IS NULL AND hides_presence = 0 ORDER BY name',
      )
      .pluck()
    this.#page = database.prepare(
      `SELECT ${COLUMNS} FROM users WHERE name > ? AND retired_at IS NULL ORDER BY name LIMIT ?`,
    )
    this.#put = database.prepare(
      `INSERT INTO users (name, account_id, account_key, seq, digest, display_name, status_text, hides_presence,
         expires_at, log_index, record)
       VALUES (@name, @accountId, @accountKey, @seq, @digest, @displayName, @statusText, @hidesPresence,
         @expiresAt, @logIndex, @record)
       ON CONFLICT (name, account_id) DO UPDATE SET account_key = excluded.account_key, seq = excluded.seq,
         digest = excluded.digest, display_name = excluded.display_name, status_text = excluded.status_text,
         hides_presence = excluded.hides_presence,
         expires_at = excluded.expires_at, log_index = excluded.log_index, record = excluded.record,
         retired_at = NULL, moved_to = NULL, retirement = NULL`,
    )
    this.#retire = database.prepare(
      `UPDATE users SET seq = @seq, retired_at = @retiredAt, moved_to = @movedTo, retirement = @retirement
       WHERE name = @name AND account_id = @accountId`,
    )
  }

  /** How many names are held. */
  count(): number {
    return this.#count.get() ?? 0
  }

  /** The account that holds the name now. */
  holder(name: Name): UserRow | undefined {
    return this.#holder.get(name)
  }

  /** What this account has under the name, in force or retired. */
  ofAccount(name: Name, accountId: AccountId): UserRow | undefined {
    return this.#ofAccount.get(name, accountId)
  }

  lastRetired(name: Name): UserRow | undefined {
    return this.#lastRetired.get(name)
  }

  /** The names that the account holds now. */
  namesOf(accountId: AccountId): Name[] {
    return this.#namesOf.all(accountId)
  }

  /** Those of them whose record lets others see whether the account is here. */
  visibleNamesOf(accountId: AccountId): Name[] {
    return this.#visibleNamesOf.all(accountId)
  }

  /** Who holds a name now, in the order of names, after this one. */
  page(after: string, limit: number): UserRow[] {
    return this.#page.all(after, limit)
  }

  put(record: RecordInForce): void {
    this.#put.run(record)
  }

  retire(retired: RetiredName): void {
    this.#retire.run(retired)
  }
}
