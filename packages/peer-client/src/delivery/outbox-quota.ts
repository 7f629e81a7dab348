import type { AccountId } from '@parley/shared/ids.ts'
import { MAX_OUTBOX_BYTES, MAX_OUTBOX_MESSAGES } from '@parley/shared/limits.ts'
import type { Load } from '#store/deliveries-table.ts'

/** How much may wait for one recipient account: messages that are not yet delivered, whatever their age. */
export class OutboxQuota {
  readonly #maximum: Load
  readonly #loads = new Map<AccountId, { messages: number; bytes: number }>()
  readonly #waiters = new Map<AccountId, (() => void)[]>()

  constructor(maximum: Load = { messages: MAX_OUTBOX_MESSAGES, bytes: MAX_OUTBOX_BYTES }) {
    this.#maximum = maximum
  }

  load(account: AccountId): Load {
    return this.#loads.get(account) ?? { messages: 0, bytes: 0 }
  }

  hasRoom(account: AccountId): boolean {
    const { messages, bytes } = this.load(account)
    return messages < this.#maximum.messages && bytes < this.#maximum.bytes
  }

  addLoad(account: AccountId, { messages, bytes }: Load): void {
    const load = this.#loads.get(account)
    if (load === undefined) {
      this.#loads.set(account, { messages, bytes })
    } else {
      load.messages += messages
      load.bytes += bytes
    }
  }

  /** A message is about to be accepted; its size is told by `addBytes`, and taken back by `remove` when it is not accepted. */
  reserve(account: AccountId): void {
    this.addLoad(account, { messages: 1, bytes: 0 })
  }

  addBytes(account: AccountId, bytes: number): void {
    this.addLoad(account, { messages: 0, bytes })
  }

  remove(account: AccountId, { messages, bytes }: Load): void {
    const load = this.#loads.get(account)
    if (load === undefined) return
    load.messages -= messages
    load.bytes -= bytes
    if (!this.hasRoom(account)) return
    const waiters = this.#waiters.get(account) ?? []
    this.#waiters.delete(account)
    for (const wake of waiters) wake()
  }

  /** Resolves when there is room, in the order of asking. Rejects with the signal's reason. */
  async room(account: AccountId, signal?: AbortSignal): Promise<void> {
    while (!this.hasRoom(account)) {
      signal?.throwIfAborted()
      const { promise, resolve } = Promise.withResolvers<void>()
      const waiters = this.#waiters.get(account) ?? []
      waiters.push(resolve)
      this.#waiters.set(account, waiters)
      const onAbort = (): void => resolve()
      signal?.addEventListener('abort', onAbort, { once: true })
      await promise
      signal?.removeEventListener('abort', onAbort)
    }
    signal?.throwIfAborted()
  }
}
