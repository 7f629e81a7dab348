import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { backOffMs } from '@parley/shared/back-off.ts'
import type { DeviceKey } from '@parley/shared/ids.ts'
import {
  FIXED_PEER_QUICK_MS,
  FIXED_PEER_QUICK_TRIES,
  MAX_ENDPOINTS,
  MAX_FIXED_PEERS,
  REDIAL_MAX_MS,
  REDIAL_MIN_MS,
} from '@parley/shared/limits.ts'
import type { Endpoint } from '@parley/shared/signed/device-statement.ts'
import { orAborted } from '#session/deadline.ts'
import type { SessionEnd } from '#session/session.ts'
import { type Failure, failureOf } from './attempt.ts'
import type { Dialler } from './dialler.ts'
import { formatPeerAddress, type PeerAddress } from './peer-address.ts'
import { RedialLoop, type RedialState } from './redial-loop.ts'

export interface FixedPeer {
  readonly address: PeerAddress
  /** Who answered there last. */
  readonly device: DeviceKey | undefined
  readonly state: RedialState
}

export interface FixedPeersOptions {
  readonly dialler: Dialler
  readonly onState?: (peer: FixedPeer) => void
  /** The numeric addresses of a name, the best first. */
  readonly resolve?: (name: string) => Promise<readonly string[]>
  readonly random?: () => number
}

interface Entry {
  readonly address: PeerAddress
  readonly loop: RedialLoop
  device: DeviceKey | undefined
}

/**
 * Keeps a session to whoever answers at the addresses that the user gave. No rule says where these may lead: the user's word is
 * enough. The callbacks must not throw.
 */
export class FixedPeers {
  readonly #options: FixedPeersOptions
  readonly #entries = new Map<string, Entry>()
  readonly #leaving = new Set<Promise<void>>()
  #isStopped = false

  constructor(options: FixedPeersOptions) {
    this.#options = options
  }

  /** Tries at once. False when there are as many as possible already. */
  add(address: PeerAddress): boolean {
    const key = formatPeerAddress(address)
    if (this.#isStopped) return false
    if (this.#entries.has(key)) return true
    if (this.#entries.size >= MAX_FIXED_PEERS) return false
    const { dialler, onState, random = Math.random } = this.#options
    const loop = new RedialLoop({
      clock: dialler.clock,
      isConnected: () => entry.device !== undefined && dialler.isConnected(entry.device),
      reach: ({ signal }) => this.#reach(entry, signal),
      waitMs: (failures) => waitMs(failures, random),
      onState: (state) => onState?.({ address, device: entry.device, state }),
    })
    const entry: Entry = { address, loop, device: undefined }
    this.#entries.set(key, entry)
    loop.start()
    return true
  }

  /** Ends the tries; a session that is up stays. False when it was not there. */
  remove(address: PeerAddress): boolean {
    const key = formatPeerAddress(address)
    const entry = this.#entries.get(key)
    if (entry === undefined) return false
    this.#entries.delete(key)
    const left = entry.loop.stop().finally(() => this.#leaving.delete(left))
    this.#leaving.add(left)
    return true
  }

  sessionUp(device: DeviceKey): void {
    for (const entry of this.#of(device)) entry.loop.up()
  }

  sessionDown(device: DeviceKey, end: SessionEnd): void {
    for (const entry of this.#of(device)) entry.loop.down(end)
  }

  list(): FixedPeer[] {
    return [...this.#entries.values()].map(({ address, device, loop }) => ({ address, device, state: loop.state }))
  }

  /** Ends all tries; sessions stay. Twice is safe. */
  async stop(): Promise<void> {
    this.#isStopped = true
    for (const { address } of this.#entries.values()) this.remove(address)
    await Promise.all(this.#leaving)
  }

  #of(device: DeviceKey): Entry[] {
    return [...this.#entries.values()].filter((entry) => entry.device === device)
  }

  async #reach(entry: Entry, signal: AbortSignal): Promise<Failure | undefined> {
    const { dialler } = this.#options
    const { host, port } = entry.address
    let failure: Failure = { outcome: 'no-endpoints', detail: `${host} has no address` }
    try {
      const hosts = await orAborted(this.#resolve(host), signal)
      for (const numeric of hosts.slice(0, MAX_ENDPOINTS)) {
        const endpoint: Endpoint = { transport: 'tcp', host: numeric, port }
        // Whoever answers is taken: the user named a place and not a device.
        const turn = { device: entry.device, isExpected: false, signal, isUrgent: true }
        const dialled = await dialler.dial(endpoint, turn)
        if ('device' in dialled) {
          entry.device = dialled.device
          return undefined
        }
        failure = dialled.failure
        if (failure.retryAfterMs !== undefined) return failure
      }
    } catch (error) {
      signal.throwIfAborted()
      failure = failureOf(error)
      dialler.report('look-up', { device: entry.device, failure })
    }
    return failure
  }

  async #resolve(host: string): Promise<readonly string[]> {
    const { resolve = resolveName } = this.#options
    return isIP(host) === 0 ? resolve(host) : [host]
  }
}

/** For a person: what is going on with an address that they gave. `now` is Unix milliseconds. */
export function describeFixedPeer({ address, device, state }: FixedPeer, now: number): string {
  const where = formatPeerAddress(address)
  switch (state.state) {
    case 'connected':
      return `${where}: connected to ${device ?? 'somebody'}`
    case 'trying':
      return state.attempt <= FIXED_PEER_QUICK_TRIES
        ? `${where}: attempt ${state.attempt} of ${FIXED_PEER_QUICK_TRIES} …`
        : `${where}: attempt ${state.attempt} …`
    case 'waiting':
      return `${where}: ${state.failure.detail}; next try in ${Math.max(0, Math.ceil((state.until - now) / 1_000))} s`
    case 'stopped':
      return `${where}: given up`
  }
}

function waitMs(failures: number, random: () => number): number {
  if (failures < FIXED_PEER_QUICK_TRIES) return FIXED_PEER_QUICK_MS
  const span = { minMs: REDIAL_MIN_MS, maxMs: REDIAL_MAX_MS, random }
  return backOffMs(failures - FIXED_PEER_QUICK_TRIES + 1, span)
}

async function resolveName(name: string): Promise<string[]> {
  return (await lookup(name, { all: true })).map(({ address }) => address)
}
