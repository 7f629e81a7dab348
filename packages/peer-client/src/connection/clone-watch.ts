// A profile that was copied and runs twice: two processes with one device key, each of which takes the other's place.
import type { DeviceKey } from '@parley/shared/ids.ts'
import { CLONE_TURNS, CLONE_WINDOW_MS, MAX_WATCHED_BOOTS } from '@parley/shared/limits.ts'

interface Turn {
  readonly boot: string
  readonly at: number
}

export class CloneWatch {
  readonly #now: () => number
  /** The last turns of each device, the device seen last at the end. */
  readonly #turns = new Map<DeviceKey, Turn[]>()

  /** `now` only rises: milliseconds of any beginning. */
  constructor(now: () => number) {
    this.#now = now
  }

  /**
   * Takes in that a process of the device said hello. True when two of them have taken turns CLONE_TURNS times within
   * CLONE_WINDOW_MS: a process that is started anew never has a `boot` that was there before.
   */
  takesTurns(device: DeviceKey, boot: Uint8Array): boolean {
    const now = this.#now()
    const name = Buffer.from(boot).toString('base64url')
    const turns = (this.#turns.get(device) ?? []).filter(({ at }) => now - at <= CLONE_WINDOW_MS)
    if (turns.at(-1)?.boot !== name) turns.push({ boot: name, at: now })
    const last = turns.slice(-(CLONE_TURNS + 1))
    this.#turns.delete(device)
    this.#turns.set(device, last)
    if (this.#turns.size > MAX_WATCHED_BOOTS) this.#forgetOldest()
    return last.length > CLONE_TURNS && last.every((turn, index) => turn.boot === last[index % 2]?.boot)
  }

  #forgetOldest(): void {
    for (const device of this.#turns.keys()) {
      this.#turns.delete(device)
      return
    }
  }
}
