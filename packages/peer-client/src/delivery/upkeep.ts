import { MAX_TIDY_STEP_MS, TIDY_MS } from '@parley/shared/limits.ts'
import type { MetaTable } from '#store/meta-table.ts'
import type { Store } from '#store/store.ts'
import type { Clock, DeliveryLog } from './ports.ts'

interface Deps {
  readonly store: Store
  readonly clock: Clock
  readonly log: DeliveryLog
  readonly tidy: (now: number) => Promise<void>
}

/** Every few hours: what is past its time is forgotten, and devices that were away for long become dormant. */
export class Upkeep {
  readonly #deps: Deps
  #cancel: (() => void) | undefined
  #looking: Promise<void> = Promise.resolve()

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** Now, and from then on until `stop`. */
  start(): void {
    const { clock, log } = this.#deps
    this.#looking = this.#look().catch((error: unknown) =>
      log.error({ err: error }, 'what is past its time could not be cleared away'),
    )
    this.#cancel = clock.after(TIDY_MS, () => this.start())
  }

  /** Resolves when what is cleared away now is gone. */
  async stop(): Promise<void> {
    this.#cancel?.()
    await this.#looking
  }

  async #look(): Promise<void> {
    const { store, clock, tidy } = this.#deps
    const now = await store.commits.run(() => {
      const cautious = cautiousTime(store.meta, clock.now())
      store.prune(cautious)
      return cautious
    })
    await tidy(now)
  }
}

const KEY = 'tidied-at'

/**
 * Inside a transaction. What the clock says, but at most MAX_TIDY_STEP_MS after the look before: what jumped ahead is believed little by
 * little, and given up as soon as it is set back. So nothing ends early, and after months of absence some things end weeks late.
 */
function cautiousTime(meta: MetaTable, now: number): number {
  const before = Number(meta.get(KEY) ?? now)
  const cautious = Math.min(now, before + MAX_TIDY_STEP_MS)
  meta.set(KEY, String(cautious))
  return cautious
}
