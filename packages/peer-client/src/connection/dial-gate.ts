import type { DeviceKey } from '@parley/shared/ids.ts'
import { MAX_PARALLEL_DIALS } from '@parley/shared/limits.ts'
import { Slots } from '@parley/shared/slots.ts'

interface GateTurn {
  readonly signal: AbortSignal
  /** Somebody waits for this session: it goes before those that are only kept. */
  readonly isUrgent?: boolean
}

/** What everybody who dials goes through: never two dials to one device at once, and only so many in all. */
export class DialGate {
  readonly #slots: Slots
  readonly #lanes = new Map<DeviceKey, { readonly lane: Slots; users: number }>()

  constructor(parallel = MAX_PARALLEL_DIALS) {
    this.#slots = new Slots(parallel)
  }

  /** `device` is undefined while it is not known who answers. Rejects with what `dial` rejects with, or the signal's reason. */
  async run<T>(device: DeviceKey | undefined, dial: () => Promise<T>, turn: GateTurn): Promise<T> {
    if (device === undefined) return this.#slots.run(dial, turn)
    const entry = this.#lanes.get(device) ?? { lane: new Slots(1), users: 0 }
    this.#lanes.set(device, entry)
    entry.users += 1
    try {
      return await entry.lane.run(() => this.#slots.run(dial, turn), turn)
    } finally {
      entry.users -= 1
      if (entry.users === 0) this.#lanes.delete(device)
    }
  }
}
