import type { AccountId } from '@parley/shared/ids.ts'
import type { PresentDevice } from './visit.ts'

/** What a device without a connection said last. */
export interface Heartbeat {
  readonly device: PresentDevice
  readonly status: 'online' | 'offline'
  /** Rises with every heartbeat of the device. */
  readonly n: number
  /** Unix milliseconds. */
  readonly at: number
  readonly address: string
}

export interface HeartbeatLimits {
  /** How long a device counts as here after a heartbeat. */
  readonly HEARTBEAT_ONLINE_MS: number
  /** How long a heartbeat may be in memory only. */
  readonly HEARTBEAT_WRITE_MS: number
  readonly MAX_HEARTBEAT_DEVICES: number
}

export interface HeartbeatsOptions {
  readonly limits: HeartbeatLimits
  /** Resolves when these are on disk. */
  readonly write: (heartbeats: readonly Heartbeat[]) => Promise<void>
  /** Nothing was heard of the device for too long. */
  readonly expired: (accountId: AccountId) => void
  readonly failed: (error: unknown) => void
}

interface Entry {
  readonly heartbeat: Heartbeat
  /** On the clock that only rises; undefined for a device that said goodbye. */
  readonly until: number | undefined
}

/**
 * Devices that are online because they said so lately. A heartbeat costs no commit of its own: what is new is written together,
 * soon, so a crash forgets the last moment of it.
 */
export class Heartbeats {
  readonly #options: HeartbeatsOptions
  readonly #entries = new Map<string, Entry>()
  /** Those that are not on disk yet. */
  readonly #fresh = new Map<string, Entry>()
  /** The online ones; in the order in which they expire, because all last equally long. */
  readonly #online = new Map<string, Entry>()
  readonly #ofAccount = new Map<AccountId, Set<string>>()
  #expiry: NodeJS.Timeout | undefined
  #flush: NodeJS.Timeout | undefined
  #writing: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor(options: HeartbeatsOptions) {
    this.#options = options
  }

  isOnline(accountId: AccountId): boolean {
    return this.#ofAccount.has(accountId)
  }

  /** The number of the last heartbeat, while it is remembered here. */
  lastNumber(device: PresentDevice): number | undefined {
    return this.#entries.get(keyOf(device))?.heartbeat.n
  }

  hasRoomFor(device: PresentDevice): boolean {
    return this.#entries.size < this.#options.limits.MAX_HEARTBEAT_DEVICES || this.#entries.has(keyOf(device))
  }

  put(heartbeat: Heartbeat): void {
    if (this.#isStopped) return
    const { HEARTBEAT_ONLINE_MS } = this.#options.limits
    const key = keyOf(heartbeat.device)
    const until = heartbeat.status === 'online' ? performance.now() + HEARTBEAT_ONLINE_MS : undefined
    const entry = { heartbeat, until }
    this.#leave(key, heartbeat.device)
    this.#entries.set(key, entry)
    if (until !== undefined) this.#enter(key, entry)
    this.#remember(key, entry)
  }

  /** Ends those of the account that `isInForce` no longer backs. */
  review(accountId: AccountId, isInForce: (device: PresentDevice) => boolean): void {
    for (const key of this.#ofAccount.get(accountId) ?? []) {
      const device = this.#entries.get(key)?.heartbeat.device
      if (device !== undefined && !isInForce(device)) this.#leave(key, device)
    }
  }

  /** Resolves when all that was heard before is on disk, or could not be written. */
  written(): Promise<void> {
    if (this.#fresh.size > 0) this.#write()
    return this.#writing
  }

  /** Nobody expires any more. Resolves as `written` does. */
  stop(): Promise<void> {
    this.#isStopped = true
    clearTimeout(this.#expiry)
    return this.written()
  }

  #enter(key: string, entry: Entry): void {
    this.#online.set(key, entry)
    const { accountId } = entry.heartbeat.device
    const keys = this.#ofAccount.get(accountId)
    if (keys === undefined) this.#ofAccount.set(accountId, new Set([key]))
    else keys.add(key)
    this.#expiry ??= this.#wait(entry)
  }

  #leave(key: string, { accountId }: PresentDevice): void {
    this.#online.delete(key)
    const keys = this.#ofAccount.get(accountId)
    if (keys?.delete(key) && keys.size === 0) this.#ofAccount.delete(accountId)
    this.#forget(key)
  }

  /** What is on disk and says nothing about now need not be kept here. */
  #forget(key: string): void {
    if (!this.#fresh.has(key) && !this.#online.has(key)) this.#entries.delete(key)
  }

  #remember(key: string, entry: Entry): void {
    this.#fresh.set(key, entry)
    this.#flush ??= setTimeout(() => this.#write(), this.#options.limits.HEARTBEAT_WRITE_MS).unref()
  }

  #wait({ until = 0 }: Entry): NodeJS.Timeout {
    return setTimeout(() => this.#expire(), Math.max(1, until - performance.now())).unref()
  }

  #expire(): void {
    this.#expiry = undefined
    const now = performance.now()
    for (const [key, entry] of this.#online) {
      if (entry.until !== undefined && entry.until > now) {
        this.#expiry = this.#wait(entry)
        return
      }
      const { device } = entry.heartbeat
      this.#leave(key, device)
      this.#options.expired(device.accountId)
    }
  }

  #write(): void {
    clearTimeout(this.#flush)
    this.#flush = undefined
    const fresh = [...this.#fresh]
    this.#fresh.clear()
    this.#writing = this.#writing
      .then(() => this.#options.write(fresh.map(([, { heartbeat }]) => heartbeat)))
      .then(
        () => {
          for (const [key] of fresh) this.#forget(key)
        },
        (error: unknown) => {
          this.#options.failed(error)
          // Once more with the next ones, unless the device was heard since.
          for (const [key, entry] of fresh) {
            if (!this.#isStopped && this.#entries.get(key) === entry) this.#remember(key, entry)
          }
        },
      )
  }
}

function keyOf({ accountId, deviceKey }: PresentDevice): string {
  return `${accountId} ${deviceKey}`
}
