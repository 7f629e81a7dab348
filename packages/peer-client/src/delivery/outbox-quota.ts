import type { AccountId } from '@parley/shared/ids.ts'
import { MAX_OUTBOX_BYTES, MAX_OUTBOX_MESSAGES } from '@parley/shared/limits.ts'
import type { Load } from '#store/deliveries-table.ts'
import type { Store } from '#store/store.ts'
import type { Me } from './ports.ts'

/** How much may wait for one recipient account: messages that are not yet delivered, whatever their age. */
export class OutboxQuota {
  readonly #maximum: Load
  readonly #loads = new Map<AccountId, { messages: number; bytes: number }>()
  readonly #waiters = new Map<AccountId, Set<() => void>>()

  constructor(maximum: Load = { messages: MAX_OUTBOX_MESSAGES, bytes: MAX_OUTBOX_BYTES }) {
    this.#maximum = maximum
  }

  load(account: AccountId): Load {
    return this.#loads.get(account) ?? { messages: 0, bytes: 0 }
  }

  /** A message's size is added once it is accepted. */
  addLoad(account: AccountId, { messages, bytes }: Load): void {
    const load = this.#loads.get(account)
    if (load === undefined) {
      this.#loads.set(account, { messages, bytes })
    } else {
      load.messages += messages
      load.bytes += bytes
    }
  }

  remove(account: AccountId, { messages, bytes }: Load): void {
    const load = this.#loads.get(account)
    if (load === undefined) return
    load.messages -= messages
    load.bytes -= bytes
    for (const admit of this.#waiters.get(account) ?? []) {
      if (!this.#hasRoom(account)) return
      admit()
    }
  }

  /** Takes room for one message; false when there is none, or others wait for it. */
  tryTake(account: AccountId): boolean {
    if (!this.#hasRoom(account) || (this.#waiters.get(account)?.size ?? 0) > 0) return false
    this.addLoad(account, { messages: 1, bytes: 0 })
    return true
  }

  /** Takes room for one message as soon as there is some, in the order of asking. Rejects with the signal's reason, and takes none. */
  async take(account: AccountId, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    if (this.tryTake(account)) return
    const waiters = this.#waitersOf(account)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const admit = (): void => {
      waiters.delete(admit)
      this.addLoad(account, { messages: 1, bytes: 0 })
      resolve()
    }
    const onAbort = (): void => {
      // Whoever was admitted has left the queue, and keeps his room.
      if (waiters.delete(admit)) reject(signal?.reason)
    }
    waiters.add(admit)
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      await promise
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }

  #hasRoom(account: AccountId): boolean {
    const { messages, bytes } = this.load(account)
    return messages < this.#maximum.messages && bytes < this.#maximum.bytes
  }

  #waitersOf(account: AccountId): Set<() => void> {
    let waiters = this.#waiters.get(account)
    if (waiters === undefined) {
      waiters = new Set()
      this.#waiters.set(account, waiters)
    }
    return waiters
  }
}

/** What was waiting when the process started. */
export function recount(store: Store, me: Me, quota: OutboxQuota): void {
  for (const stream of store.streams.all()) {
    if (stream.device !== me.device) continue
    for (const account of store.deliveries.accountsOf(stream.id)) {
      const from = store.deliveries.lowestOpen(stream.id, account)
      if (from !== undefined)
        quota.addLoad(account, store.deliveries.waiting(stream.id, account, { from, to: stream.upTo }))
    }
  }
}
