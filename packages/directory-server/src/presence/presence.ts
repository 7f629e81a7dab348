import { randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { toBase64url } from '@parley/shared/bytes.ts'
import { CLOSE, type PresenceChange } from '@parley/shared/directory-api/presence.ts'
import type { AccountId, DeviceKey, Name } from '@parley/shared/ids.ts'
import type { WebSocket } from 'ws'
import { type Heartbeat, type HeartbeatLimits, Heartbeats } from './heartbeats.ts'
import { PresenceError } from './presence-error.ts'
import { type Host, type PresentDevice, Visit, type VisitDrop, type VisitLimits, type Visitor } from './visit.ts'
import { Watchers } from './watchers.ts'

const NONCE_BYTES = 16

export interface PresenceLimits extends VisitLimits, HeartbeatLimits {
  readonly MAX_PRESENCE_SOCKETS: number
  readonly MAX_UNAUTHENTICATED_SOCKETS: number
}

export interface PresenceOptions {
  readonly limits: PresenceLimits
  readonly authenticate: Host['authenticate']
  readonly problemOf: Host['problemOf']
  readonly stateOf: (name: Name) => PresenceChange
  /** The names under which others may see whether the account is here. */
  readonly namesOf: (accountId: AccountId) => readonly Name[]
  /** Whether the device is still one that may be here. */
  readonly isInForce: (device: PresentDevice) => boolean
  readonly oneTimePrekeysOf: (device: PresentDevice) => number
  /** Resolves when it is on disk that the account was here now; `address` only when it arrives. */
  readonly seen: (accountId: AccountId, address?: string) => Promise<void>
  /** Resolves when these are on disk. */
  readonly writeHeartbeats: (heartbeats: readonly Heartbeat[]) => Promise<void>
  /** Called at once when the account comes or goes, and when it holds other names than before. */
  readonly onlineChanged: (accountId: AccountId, isOnline: boolean) => void
  readonly failed: (error: unknown) => void
  /** A visit was cut for this reason. */
  readonly dropped: (reason: VisitDrop) => void
  readonly random?: (size: number) => Uint8Array
}

/**
 * Who is online: those of whom a device holds a connection or sent a heartbeat lately, and nobody else. Kept in memory only, so
 * a restart invents nobody.
 */
export class Presence {
  readonly #options: PresenceOptions
  readonly #random: (size: number) => Uint8Array
  readonly #host: Host
  readonly #watchers: Watchers
  readonly #visits = new Set<Visit>()
  readonly #online = new Map<AccountId, Map<DeviceKey, Visit>>()
  readonly #heartbeats: Heartbeats
  readonly #departures = new Set<Promise<void>>()
  /** Those of the visits whose device is known. */
  readonly #present = new Set<Visit>()
  #isStopping = false

  constructor(options: PresenceOptions) {
    this.#options = options
    this.#random = options.random ?? randomBytes
    const { authenticate, stateOf, problemOf, failed, dropped, limits, writeHeartbeats } = options
    this.#host = {
      authenticate,
      stateOf,
      problemOf,
      failed,
      dropped,
      arrived: (visit, device) => this.#arrived(visit, device),
      left: (visit, device) => this.#left(visit, device),
    }
    this.#watchers = new Watchers({ stateOf, failed })
    this.#heartbeats = new Heartbeats({
      limits,
      write: writeHeartbeats,
      expired: (accountId) => this.#silent(accountId),
      failed,
    })
  }

  /** Whether one more visit fits, or which maximum is reached. */
  get room(): 'enough' | 'presence-sockets' | 'unauthenticated-sockets' {
    const { MAX_PRESENCE_SOCKETS, MAX_UNAUTHENTICATED_SOCKETS } = this.#options.limits
    if (this.#isStopping || this.#visits.size >= MAX_PRESENCE_SOCKETS) return 'presence-sockets'
    const unauthenticated = this.#visits.size - this.#present.size
    return unauthenticated < MAX_UNAUTHENTICATED_SOCKETS ? 'enough' : 'unauthenticated-sockets'
  }

  get onlineAccounts(): number {
    return this.#online.size
  }

  get watchedNames(): number {
    return this.#watchers.names
  }

  get sockets(): { readonly present: number; readonly unauthenticated: number } {
    return { present: this.#present.size, unauthenticated: this.#visits.size - this.#present.size }
  }

  isOnline(accountId: AccountId): boolean {
    return this.#online.has(accountId) || this.#heartbeats.isOnline(accountId)
  }

  /** `stream` is what the socket is on, and nobody else writes to it. */
  accept(socket: WebSocket, stream: Duplex, visitor: Visitor): void {
    const nonce = toBase64url(this.#random(NONCE_BYTES))
    const { limits } = this.#options
    this.#visits.add(new Visit({ socket, stream, visitor, nonce, limits, host: this.#host, watchers: this.#watchers }))
  }

  /** The number of the device's last heartbeat, while it is remembered here. */
  lastHeartbeat(device: PresentDevice): number | undefined {
    return this.#heartbeats.lastNumber(device)
  }

  hasRoomForHeartbeat(device: PresentDevice): boolean {
    return this.#heartbeats.hasRoomFor(device)
  }

  /** A device without a connection says that it is here, or that it leaves. */
  heard(heartbeat: Heartbeat): void {
    const { accountId } = heartbeat.device
    const wasOnline = this.isOnline(accountId)
    this.#heartbeats.put(heartbeat)
    if (!wasOnline && this.isOnline(accountId)) this.#came(accountId)
    if (wasOnline) this.#silent(accountId)
  }

  /** The account took the name or gave it up, shows or hides itself under it: its watchers hear what that makes of it. */
  nameChanged(name: Name, accountId: AccountId): void {
    this.recordChanged(accountId)
    this.#watchers.announce([name])
    if (this.isOnline(accountId)) this.#options.onlineChanged(accountId, true)
  }

  /** Ends those visits and heartbeats of the account that its records no longer back. */
  recordChanged(accountId: AccountId): void {
    const wasOnline = this.isOnline(accountId)
    this.#heartbeats.review(accountId, this.#options.isInForce)
    if (wasOnline) this.#silent(accountId)
    for (const visit of this.#online.get(accountId)?.values() ?? []) {
      if (visit.device === undefined || this.#options.isInForce(visit.device)) continue
      visit.end(CLOSE.unauthenticated, new PresenceError('unlisted', UNLISTED))
    }
  }

  /** Tells a device how many of its one-time prekeys are left, if it is here. */
  prekeysLeft(accountId: AccountId, device: DeviceKey, oneTime: number): void {
    this.#online.get(accountId)?.get(device)?.send({ type: 'prekeys', oneTime })
  }

  /** Ends every visit. Resolves when the last sightings are on disk. */
  async stop(): Promise<void> {
    this.#isStopping = true
    for (const visit of this.#visits) visit.end(CLOSE.stopping)
    this.#watchers.stop()
    await Promise.all([...this.#departures, this.#heartbeats.stop()])
  }

  async #arrived(visit: Visit, device: PresentDevice): Promise<void> {
    const { accountId, deviceKey } = device
    await this.#options.seen(accountId, visit.address)
    if (!visit.isOpen) return
    if (!this.#options.isInForce(device)) throw new PresenceError('unlisted', UNLISTED)
    const wasOnline = this.isOnline(accountId)
    const devices = this.#online.get(accountId)
    const replaced = devices?.get(deviceKey)
    if (devices === undefined) this.#online.set(accountId, new Map([[deviceKey, visit]]))
    else devices.set(deviceKey, visit)
    if (!wasOnline) this.#came(accountId)
    this.#present.add(visit)
    replaced?.end(CLOSE.replaced)
    visit.send({ type: 'ready' })
    visit.send({ type: 'prekeys', oneTime: this.#options.oneTimePrekeysOf(device) })
  }

  #left(visit: Visit, device: PresentDevice | undefined): void {
    this.#visits.delete(visit)
    this.#present.delete(visit)
    if (device === undefined) return
    const { accountId, deviceKey } = device
    const devices = this.#online.get(accountId)
    if (devices?.get(deviceKey) !== visit) return
    devices.delete(deviceKey)
    if (devices.size > 0) return
    this.#online.delete(accountId)
    this.#depart(accountId, () => this.#options.seen(accountId))
  }

  #came(accountId: AccountId): void {
    this.#options.onlineChanged(accountId, true)
    this.#watchers.announce(this.#options.namesOf(accountId))
  }

  /** Nothing more is heard of a device; its last heartbeat was the last time that it was seen. */
  #silent(accountId: AccountId): void {
    if (!this.isOnline(accountId)) this.#depart(accountId, () => this.#heartbeats.written())
  }

  #depart(accountId: AccountId, record: () => Promise<void>): void {
    if (!this.isOnline(accountId)) this.#options.onlineChanged(accountId, false)
    const departure = this.#recordAndTell(accountId, record).finally(() => this.#departures.delete(departure))
    this.#departures.add(departure)
  }

  /** Watchers hear of it once `lastSeen` can be read. */
  async #recordAndTell(accountId: AccountId, record: () => Promise<void>): Promise<void> {
    try {
      await record()
      if (this.isOnline(accountId)) return
      this.#watchers.announce(this.#options.namesOf(accountId))
    } catch (error) {
      this.#options.failed(error)
    }
  }
}

const UNLISTED = 'the record in force does not list this device'
