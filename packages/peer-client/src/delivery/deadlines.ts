// Messages that are worth nothing after a moment: what is not sealed by then, by this device's clock, never is.
import { DEADLINE_CHECK_MS, MAX_EXPIRIES_PER_COMMIT } from '@parley/shared/limits.ts'
import type { Store } from '#store/store.ts'
import type { Clock, DeliveryLog } from './ports.ts'
import { endMessages, type Revised } from './revise.ts'

interface Deps {
  readonly store: Store
  readonly clock: Clock
  readonly log: DeliveryLog
  /** After the commit. */
  readonly onExpired: (expired: readonly Revised[]) => void
}

export class Deadlines {
  readonly #deps: Deps
  #next: number | undefined
  #cancel: (() => void) | undefined
  #expiring: Promise<void> | undefined
  #isStopped = false

  constructor(deps: Deps) {
    this.#deps = deps
    this.#next = deps.store.deadlines.next()
  }

  /** What is due, and what will be, is ended from here on, until `stop`. */
  start(): void {
    this.#wait()
  }

  /** A message with this deadline was committed. */
  add(at: number): void {
    if (this.#next !== undefined && this.#next <= at) return
    this.#next = at
    this.#wait()
  }

  /** Something has to be ended before anything more is sealed. */
  isDue(): boolean {
    return this.#next !== undefined && this.#next <= this.#deps.clock.now()
  }

  /** Ends what is due. Rejects when the database fails. */
  expire(): Promise<void> {
    this.#expiring ??= this.#expire().finally(() => {
      this.#expiring = undefined
    })
    return this.#expiring
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#cancel?.()
    await this.#expiring?.catch(() => undefined)
  }

  async #expire(): Promise<void> {
    const { store, clock, onExpired } = this.#deps
    while (this.isDue() && !this.#isStopped) {
      const { expired, next } = await store.commits.run(() => {
        const at = clock.now()
        const due = store.deadlines.due(at, MAX_EXPIRIES_PER_COMMIT)
        for (const deadline of due) store.deadlines.remove(deadline)
        const places = due.map((deadline) => store.reissues.latest(deadline))
        return { expired: endMessages(store, places, 'expired', at), next: store.deadlines.next() }
      })
      this.#next = next
      onExpired(expired)
    }
    this.#wait()
  }

  #wait(): void {
    this.#cancel?.()
    this.#cancel = undefined
    if (this.#next === undefined || this.#isStopped) return
    const { clock, log } = this.#deps
    const ms = Math.min(Math.max(this.#next - clock.now(), 0), DEADLINE_CHECK_MS)
    this.#cancel = clock.after(ms, () => {
      if (!this.isDue()) return this.#wait()
      this.expire().catch((error: unknown) => log.error({ err: error }, 'expired messages could not be ended'))
    })
  }
}
