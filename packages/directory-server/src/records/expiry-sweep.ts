import type { AccountId } from '@parley/shared/ids.ts'
import type { RecordsContext } from './context.ts'

const BATCH = 500

export interface ExpirySweepOptions {
  readonly context: RecordsContext
  readonly everyMs: number
  /** A record of the account has expired, which no write tells. */
  readonly onExpired: (accountId: AccountId) => void
  readonly failed: (error: unknown) => void
}

/**
 * Sees to it that records whose time is over cost searches nothing, and that their devices are not here any more. The name stays
 * its account's: a new record brings everything back.
 */
export class ExpirySweep {
  readonly #options: ExpirySweepOptions
  readonly #timer: NodeJS.Timeout

  constructor(options: ExpirySweepOptions) {
    this.#options = options
    this.#timer = setInterval(() => this.#sweep(), options.everyMs).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #sweep(): void {
    const { context, onExpired, failed } = this.#options
    const { tables, commit, now } = context
    if (tables.search.expired(now(), 1).length === 0) return
    commit
      .run(() => {
        const expired = tables.search.expired(now(), BATCH)
        for (const { name } of expired) tables.search.remove(name)
        return expired
      })
      .then((expired) => {
        for (const { accountId } of expired) onExpired(accountId)
      })
      .catch(failed)
  }
}
