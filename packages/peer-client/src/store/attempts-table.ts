import type { AccountId, DeviceKey, EnvelopeId } from '@parley/shared/ids.ts'
import { MAX_ATTEMPTS_PER_ACCOUNT } from '@parley/shared/limits.ts'
import type { Statement } from 'better-sqlite3'
import type { Database } from './database.ts'

export interface NewAttempt {
  readonly account: AccountId
  readonly device?: DeviceKey | undefined
  readonly envelope?: EnvelopeId | undefined
  readonly what: 'look-up' | 'dial' | 'seal' | 'answer'
  /** Over what it went: an address, `directory`, … */
  readonly path?: string | undefined
  readonly at: number
  /** `ok`, or the stable name of what went wrong. */
  readonly outcome: string
  readonly detail?: string | undefined
}

export interface AttemptRow {
  readonly id: number
  readonly account: AccountId | null
  readonly device: DeviceKey | null
  readonly envelope: EnvelopeId | null
  readonly what: NewAttempt['what']
  readonly path: string | null
  readonly at: number
  readonly outcome: string
  readonly detail: string | null
}

const PRUNE_EVERY = 64
const COLUMNS = 'id, account, device, envelope, what, path, at, outcome, detail'

/** What was tried to reach somebody, beside the envelopes; `parley why` reads both. Bounded per account, the newest stay. */
export class AttemptsTable {
  readonly #insert: Statement<unknown[]>
  readonly #prune: Statement<[AccountId, AccountId]>
  readonly #recent: Statement<[AccountId, number], AttemptRow>
  readonly #ofEnvelope: Statement<[EnvelopeId, number], AttemptRow>
  #sincePruned = 0

  constructor(database: Database) {
    this.#insert = database.prepare(
      'INSERT INTO attempts (account, device, envelope, what, path, at, outcome, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    )
    this.#prune = database.prepare(
      `DELETE FROM attempts WHERE account = ? AND id <
       (SELECT id FROM attempts WHERE account = ? ORDER BY id DESC LIMIT 1 OFFSET ${MAX_ATTEMPTS_PER_ACCOUNT})`,
    )
    this.#recent = database.prepare(`SELECT ${COLUMNS} FROM attempts WHERE account = ? ORDER BY id DESC LIMIT ?`)
    this.#ofEnvelope = database.prepare(`SELECT ${COLUMNS} FROM attempts WHERE envelope = ? ORDER BY id DESC LIMIT ?`)
  }

  insert(attempt: NewAttempt): void {
    const { account, device = null, envelope = null, what, path = null, at, outcome, detail = null } = attempt
    this.#insert.run(account, device, envelope, what, path, at, outcome, detail)
    this.#sincePruned += 1
    if (this.#sincePruned < PRUNE_EVERY) return
    this.#sincePruned = 0
    this.#prune.run(account, account)
  }

  /** Newest first. */
  recent(account: AccountId, limit: number): AttemptRow[] {
    return this.#recent.all(account, limit)
  }

  /** Newest first. */
  ofEnvelope(envelope: EnvelopeId, limit: number): AttemptRow[] {
    return this.#ofEnvelope.all(envelope, limit)
  }
}
