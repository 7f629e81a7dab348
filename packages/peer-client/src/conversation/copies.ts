// Profiles that were copied and run twice: told to whoever uses them, and to whoever meets them.
import type { AccountId, DeviceKey } from '@parley/shared/ids.ts'
import { CLONE_WINDOW_MS } from '@parley/shared/limits.ts'
import type { DeliveryLog } from '#delivery/ports.ts'
import type { Store } from '#store/store.ts'

interface Deps {
  readonly store: Store
  readonly me: DeviceKey
  readonly log: DeliveryLog
  readonly now: () => number
  readonly onFailed: (error: unknown) => void
}

export class Copies {
  readonly #deps: Deps
  #toldAt: number | undefined

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** Unix milliseconds: when another device said last that two processes use this profile. */
  get toldAt(): number | undefined {
    return this.#toldAt
  }

  /** Two processes took turns with the key of a device; both were sent away with a word why. */
  seen(account: AccountId, device: DeviceKey): void {
    const { store, log, now } = this.#deps
    log.warn({ device, account }, 'two processes take turns with one profile: it was copied; both are sent away')
    // Only of those who are known, or strangers could fill the log of events.
    if (store.devices.get(device) !== undefined)
      this.#note({ kind: 'profile-in-use', at: now(), account, detail: device })
  }

  /** Another device said it of this profile. */
  told(): void {
    const { me, log, now } = this.#deps
    const at = now()
    const isNews = this.#toldAt === undefined || at - this.#toldAt > CLONE_WINDOW_MS
    this.#toldAt = at
    if (!isNews) return
    log.error(
      {},
      'two processes use this profile: it was copied. Stop one of them for good, or restore it as a new device',
    )
    this.#note({ kind: 'profile-in-use', at, detail: me })
  }

  #note(event: Parameters<Store['events']['insert']>[0]): void {
    const { store, onFailed } = this.#deps
    store.commits.run(() => store.events.insert(event)).catch(onFailed)
  }
}
