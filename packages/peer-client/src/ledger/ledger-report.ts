import type { AccountId, DeviceKey, Epoch } from '@parley/shared/ids.ts'
import { MAX_LEDGER_FINDINGS } from '@parley/shared/limits.ts'

/** What can be wrong, each with its meaning for people. */
export const VIOLATIONS = {
  missing: 'there is no database',
  unreadable: 'the database cannot be read',
  'not-a-database': 'the file is not an SQLite database',
  'not-a-profile': 'the database is not that of a Parley profile',
  'older-schema': 'the database was written by an older Parley, and this one has not started on it yet',
  'newer-schema': 'the database was written by a newer Parley',
  'wrong-schema': 'tables or indexes are not those of the schema it names',
  corrupt: 'the database is damaged',
  cloned: 'two databases belong to one device',
  lost: 'a message that was held is gone',
  'false-tick': 'a message counts as delivered, and no device of the recipient holds it',
  doubled: 'a message is held twice',
  reordered: 'messages do not stand in the order of their author',
  gap: 'positions are missing inside a stream',
  altered: 'a message is not what its author wrote',
  'broken-chain': 'a message does not name the one before it',
  forked: 'two databases hold different messages at one position',
  invented: 'a device holds what its author never sent',
  'wrong-mark': 'a mark of how far a stream has come is not true',
  'wrong-delivery': 'the state of a message contradicts the rest of the database',
  'wrong-envelope': 'the state of an envelope contradicts the rest of the database',
} as const
export type ViolationCode = keyof typeof VIOLATIONS

/** As much of it as is known. */
export interface Place {
  /** The path as it was given. */
  readonly database: string
  /** Author of the stream. */
  readonly device?: DeviceKey
  readonly epoch?: Epoch
  readonly seq?: number
}

export interface Violation {
  readonly code: ViolationCode
  readonly detail: string
  readonly where: Place
}

/** An account of which no database was given that could have answered. */
export interface NotChecked {
  readonly account: AccountId
  /** Messages marked as delivered to it that were not looked up. */
  readonly delivered: number
  /** Streams of its devices that were not compared with their author's. */
  readonly streams: number
}

export interface LedgerReport {
  /** No violation was found in at least one database. */
  readonly ok: boolean
  readonly checked: Readonly<Counts>
  readonly violations: readonly Violation[]
  /** Violations beyond the first MAX_LEDGER_FINDINGS. */
  readonly unlisted: number
  readonly notChecked: readonly NotChecked[]
}

interface Counts {
  databases: number
  streams: number
  messages: number
  /** Ticks that were proven. */
  delivered: number
  /** Not delivered yet: queued or sent. */
  pending: number
  /** Evidence of a device that contradicted itself. It was kept out of the streams, so it breaks nothing here. */
  forks: number
  /** Positions in epochs that their author closed when it was set back: it does not know them, or only as something else. */
  forgotten: number
}

/** What the checks found so far; keeps a bounded number of it. */
export class Findings {
  readonly checked: Counts = { databases: 0, streams: 0, messages: 0, delivered: 0, pending: 0, forks: 0, forgotten: 0 }
  readonly #violations: Violation[] = []
  readonly #notChecked = new Map<AccountId, { delivered: number; streams: number }>()
  #unlisted = 0

  add(code: ViolationCode, where: Place, detail: string): void {
    if (this.#violations.length < MAX_LEDGER_FINDINGS) this.#violations.push({ code, detail, where })
    else this.#unlisted += 1
  }

  notChecked(account: AccountId, what: 'delivered' | 'streams', count: number): void {
    let entry = this.#notChecked.get(account)
    if (entry === undefined) {
      if (this.#notChecked.size >= MAX_LEDGER_FINDINGS) return
      entry = { delivered: 0, streams: 0 }
      this.#notChecked.set(account, entry)
    }
    entry[what] += count
  }

  report(): LedgerReport {
    return {
      ok: this.#violations.length === 0 && this.checked.databases > 0,
      checked: this.checked,
      violations: this.#violations,
      unlisted: this.#unlisted,
      notChecked: [...this.#notChecked].map(([account, counts]) => ({ account, ...counts })),
    }
  }
}
