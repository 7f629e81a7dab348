// Who can be reached now, who should be, and what the user asked for: connect, disconnect, the list of peers.

import type { PresenceChange } from '@parley/shared/directory-api/presence.ts'
import type { AccountId, DeviceKey } from '@parley/shared/ids.ts'
import type { PeerInfo, PeerState } from '@parley/shared/local-api/peers.ts'
import type { FixedPeer, FixedPeers } from '#connection/fixed-peers.ts'
import type { Keeper } from '#connection/keeper.ts'
import { formatPeerAddress, type PeerAddress } from '#connection/peer-address.ts'
import type { RedialState } from '#connection/redial-loop.ts'
import type { OutboxQuota } from '#delivery/outbox-quota.ts'
import type { DeviceRow } from '#store/devices-table.ts'
import type { Store } from '#store/store.ts'
import type { Contacts } from './contacts.ts'
import { ConversationError } from './conversation-error.ts'
import { Feed } from './feed.ts'

/** A session that is up, as far as it is shown and ended here. */
export interface OpenSession {
  readonly device: DeviceKey
  readonly path: 'direct' | 'relay'
  readonly remoteAddress: string | undefined
  readonly openedAt: number
  readonly roundTripMs: number | undefined
  readonly receivedBytes: number
  readonly sentBytes: number
  close(reason: 'disconnected' | 'declined' | 'revoked', options?: { retryAfterMs: number }): Promise<unknown>
}

export interface ReachabilityDeps {
  readonly store: Store
  readonly contacts: Contacts
  readonly keeper: Keeper
  readonly fixedPeers: FixedPeers
  readonly quota: OutboxQuota
  readonly currentSession: (device: DeviceKey) => OpenSession | undefined
}

/** How long somebody I disconnected from is asked to stay away. */
const APART_MS = 5 * 60_000

type Change = { readonly device: DeviceKey } | { readonly address: string; readonly state: RedialState }

export class Reachability {
  readonly #deps: ReachabilityDeps
  readonly #presence = new Map<string, PresenceChange>()
  /** Those the user disconnected from, until he connects or writes to them. */
  readonly #apart = new Set<AccountId>()
  readonly #changes = new Feed<Change>()

  constructor(deps: ReachabilityDeps) {
    this.#deps = deps
  }

  /** Keeps sessions to everybody who was accepted, from now on. */
  start(): void {
    for (const { account, state } of this.#deps.store.contacts.all()) if (state === 'accepted') this.want(account)
  }

  want(account: AccountId): void {
    if (this.#apart.has(account) || this.#deps.contacts.isShunned(account)) return
    for (const { device, state } of this.#deps.store.devices.ofAccount(account))
      if (state === 'active') this.#deps.keeper.want(device)
  }

  /** Something about the account changed: it is reached where it is to be, and left alone on devices that it revoked. */
  contactChanged(account: AccountId): void {
    const { store, contacts, keeper, currentSession } = this.#deps
    for (const { device, state } of store.devices.ofAccount(account)) {
      if (state !== 'revoked') continue
      keeper.unwant(device)
      void currentSession(device)?.close('revoked')
    }
    if (contacts.mayServe(account)) this.want(account)
  }

  /** A message waits for the account, or it was seen online: try now. */
  poke(account: AccountId): void {
    if (this.#deps.contacts.isShunned(account)) return
    this.#apart.delete(account)
    for (const { device, state } of this.#deps.store.devices.ofAccount(account)) {
      if (state === 'active') this.#deps.keeper.want(device)
      this.#deps.keeper.poke(device)
    }
  }

  isApart(account: AccountId): boolean {
    return this.#apart.has(account)
  }

  sessionChanged(device: DeviceKey): void {
    this.#changes.publish({ device })
  }

  keeperChanged(device: DeviceKey): void {
    this.#changes.publish({ device })
  }

  fixedPeerChanged({ address, state }: FixedPeer): void {
    this.#changes.publish({ address: formatPeerAddress(address), state })
  }

  presenceChanged(change: PresenceChange, directory: string): void {
    this.#presence.set(change.name, change)
    const account = this.#deps.store.contacts.byName(directory, change.name)?.account
    if (
      account !== undefined &&
      change.status === 'online' &&
      !this.#apart.has(account) &&
      this.#deps.contacts.mayServe(account)
    )
      this.poke(account)
  }

  /** Resolves with what answers there. Throws `unreachable` after the first try that failed; the tries go on. */
  async connectAddress(address: PeerAddress, signal: AbortSignal): Promise<PeerInfo> {
    const { fixedPeers } = this.#deps
    const key = formatPeerAddress(address)
    using changes = this.#changes.read(signal)
    if (!fixedPeers.add(address))
      throw new ConversationError('unreachable', 'too many addresses are being tried already')
    const find = (): FixedPeer | undefined => fixedPeers.list().find((peer) => formatPeerAddress(peer.address) === key)
    const reached = reachedDevice(find())
    if (reached !== undefined) return this.#notApart(reached, key)
    for await (const change of changes) {
      if ('address' in change && change.address === key && change.state.state === 'waiting') {
        throw new ConversationError(
          'unreachable',
          `${key} does not answer (${change.state.failure.detail}). It is tried again in the background`,
        )
      }
      const device = reachedDevice(find())
      if (device !== undefined) return this.#notApart(device, key)
    }
    throw new ConversationError('unreachable', `${key} has not answered yet. It is tried on in the background`)
  }

  /** Resolves when a session to one of the account's devices is up. Throws `unreachable` as above. */
  async connectAccount(account: AccountId, signal: AbortSignal): Promise<PeerInfo> {
    const { contacts } = this.#deps
    const name = contacts.label(account).name
    if (contacts.get(account)?.state === 'blocked')
      throw new ConversationError('blocked', `${name} is blocked: parley unblock ${name} ends that`)
    if (contacts.isShunned(account))
      throw new ConversationError('blocked', `${name} is on your blacklist (blacklist.txt)`)
    using changes = this.#changes.read(signal)
    this.poke(account)
    if (this.isConnected(account)) return this.#connected(account)
    const devices = this.#deps.store.devices.ofAccount(account).map(({ device }) => device)
    if (devices.length === 0) throw new ConversationError('unreachable', `no device of ${name} is known yet`)
    for await (const change of changes) {
      if (!('device' in change) || !devices.includes(change.device)) continue
      if (this.isConnected(account)) return this.#connected(account)
      const state = this.#deps.keeper.state(change.device)
      if (state?.state === 'waiting') {
        throw new ConversationError(
          'unreachable',
          `${name} cannot be reached now (${state.failure.detail}). It is tried again in the background`,
        )
      }
    }
    throw new ConversationError('unreachable', `${name} has not answered yet. It is tried on in the background`)
  }

  /** Ends the sessions with the account, and begins none until the user connects or writes. */
  async disconnect(account: AccountId): Promise<void> {
    const { store, keeper, fixedPeers, currentSession } = this.#deps
    this.#apart.add(account)
    for (const { device } of store.devices.ofAccount(account)) {
      keeper.unwant(device)
      for (const fixed of fixedPeers.list()) if (fixed.device === device) fixedPeers.remove(fixed.address)
      await currentSession(device)?.close('disconnected', { retryAfterMs: APART_MS })
    }
  }

  /** The account is blocked or on the blacklist now: ends what there is with it. Nothing is begun while it may not be served. */
  shun(account: AccountId): void {
    const { store, keeper, currentSession } = this.#deps
    for (const { device } of store.devices.ofAccount(account)) {
      keeper.unwant(device)
      void currentSession(device)?.close('declined')
    }
  }

  isConnected(account: AccountId): boolean {
    return this.#deps.store.devices
      .ofAccount(account)
      .some(({ device }) => this.#deps.currentSession(device) !== undefined)
  }

  connectedDevices(): DeviceKey[] {
    return this.#deps.store.contacts
      .all()
      .flatMap(({ account }) => this.#deps.store.devices.ofAccount(account))
      .map(({ device }) => device)
      .filter((device) => this.#deps.currentSession(device) !== undefined)
  }

  /** How the best line to the account stands. */
  linkTo(account: AccountId): PeerState {
    const links = this.#deps.store.devices.ofAccount(account).map(({ device }) => this.#link(device))
    return links.toSorted((a, b) => LINK_ORDER.indexOf(a.state) - LINK_ORDER.indexOf(b.state))[0] ?? { state: 'idle' }
  }

  /** What the directory says of the account, as far as it says something. */
  presenceOf(account: AccountId): { status: 'online' | 'offline' | 'unknown'; lastSeen?: number | undefined } {
    const change = this.#presence.get(this.#deps.contacts.publicLabel(account).name)
    return change === undefined ? { status: 'unknown' } : { status: change.status, lastSeen: change.lastSeen }
  }

  devicesOf(account: AccountId): PeerInfo[] {
    return this.peers().filter((peer) => peer.account === account)
  }

  peer(device: DeviceKey): PeerInfo | undefined {
    const row = this.#deps.store.devices.get(device)
    return row === undefined ? undefined : this.#info(row)
  }

  peers(): PeerInfo[] {
    return this.#deps.store.contacts
      .all()
      .flatMap(({ account }) => this.#deps.store.devices.ofAccount(account))
      .filter(({ state }) => state !== 'revoked')
      .map((row) => this.#info(row))
  }

  #info({ device, account }: DeviceRow): PeerInfo {
    const { contacts, quota } = this.#deps
    const { name, isVerified } = contacts.label(account)
    return {
      account,
      name,
      isNameVerified: isVerified,
      device,
      link: this.#link(device),
      presence: this.presenceOf(account).status,
      waiting: quota.load(account).messages,
      isKeyChanged: contacts.get(account)?.offeredKey != null,
      verification: contacts.verification(account),
    }
  }

  #link(device: DeviceKey): PeerState {
    const session = this.#deps.currentSession(device)
    if (session !== undefined) {
      const { openedAt: since, path, roundTripMs, receivedBytes, sentBytes } = session
      const address = session.remoteAddress ?? 'unknown'
      const trip = roundTripMs === undefined ? {} : { roundTripMs }
      return { state: 'connected', since, address, path, ...trip, receivedBytes, sentBytes }
    }
    const state = this.#deps.keeper.state(device)
    if (state?.state === 'trying') return { state: 'connecting' }
    if (state?.state === 'waiting') return { state: 'waiting', until: state.until, lastError: state.failure.detail }
    return { state: 'idle' }
  }

  #connected(account: AccountId): PeerInfo {
    const peer = this.devicesOf(account).find(({ link }) => link.state === 'connected')
    return stillThere(peer, this.#deps.contacts.label(account).name)
  }

  #notApart(device: DeviceKey, key: string): PeerInfo {
    const account = this.#deps.store.devices.get(device)?.account
    if (account !== undefined) this.#apart.delete(account)
    return stillThere(this.peer(device), key)
  }
}

function stillThere(peer: PeerInfo | undefined, target: string): PeerInfo {
  if (peer !== undefined) return peer
  throw new ConversationError('unreachable', `${target} answered, and was gone again`)
}

const LINK_ORDER: readonly PeerState['state'][] = ['connected', 'connecting', 'waiting', 'idle']

function reachedDevice(peer: FixedPeer | undefined): DeviceKey | undefined {
  return peer?.state.state === 'connected' ? peer.device : undefined
}
