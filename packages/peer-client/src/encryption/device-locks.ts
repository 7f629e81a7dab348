import type { DeviceKey } from '@parley/shared/ids.ts'
import { MAX_WAITING_FOR_DEVICE } from '@parley/shared/limits.ts'
import { isPlanted } from '@parley/shared/planted-faults.ts'
import { RatchetError } from './ratchet-error.ts'

/**
 * One lock per remote device, held from loading its ratchet to the commit that stores the change. Without it two seals use one
 * message key, and the second message can never be opened.
 */
export class DeviceLocks {
  readonly #queues = new Map<DeviceKey, (() => void)[]>()
  readonly #maxWaiting: number

  constructor({ maxWaiting = MAX_WAITING_FOR_DEVICE }: { maxWaiting?: number } = {}) {
    this.#maxWaiting = maxWaiting
  }

  /**
   * Runs `work` once the lock is free, first come first served, and settles as `work` does. Not reentrant: work that asks for its own
   * device again waits for itself. Rejects with RatchetError `busy` when too many wait.
   */
  async run<T>(device: DeviceKey, work: () => Promise<T>): Promise<T> {
    if (isPlanted('no-device-lock')) return work()
    await this.#acquire(device)
    try {
      return await work()
    } finally {
      this.#release(device)
    }
  }

  /** Work given to `run` in this same turn of the event loop would start at once. */
  isFree(device: DeviceKey): boolean {
    return !this.#queues.has(device)
  }

  #acquire(device: DeviceKey): Promise<void> | undefined {
    const waiting = this.#queues.get(device)
    if (waiting === undefined) {
      this.#queues.set(device, [])
      return undefined
    }
    if (waiting.length >= this.#maxWaiting) {
      throw new RatchetError('busy', `${waiting.length} operations already wait for the device`)
    }
    const { promise, resolve } = Promise.withResolvers<void>()
    waiting.push(resolve)
    return promise
  }

  #release(device: DeviceKey): void {
    const next = this.#queues.get(device)?.shift()
    if (next === undefined) this.#queues.delete(device)
    else next()
  }
}
