import { TIDY_MS } from '@parley/shared/limits.ts'
import type { Store } from '#store/store.ts'
import type { Clock, DeliveryLog } from './ports.ts'

interface Deps {
  readonly store: Store
  readonly clock: Clock
  readonly log: DeliveryLog
  readonly tidy: () => Promise<void>
}

/** Every few hours: what is past its time is forgotten, and devices that were away for long become dormant. */
export class Upkeep {
  readonly #deps: Deps
  #cancel: (() => void) | undefined

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** Now, and from then on until `stop`. */
  start(): void {
    const { store, clock, log, tidy } = this.#deps
    Promise.all([store.commits.run(() => store.prune(clock.now())), tidy()]).catch((error: unknown) =>
      log.error({ err: error }, 'what is past its time could not be cleared away'),
    )
    this.#cancel = clock.after(TIDY_MS, () => this.start())
  }

  stop(): void {
    this.#cancel?.()
  }
}
