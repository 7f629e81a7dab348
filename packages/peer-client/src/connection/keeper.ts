import { backOffMs } from '@parley/shared/back-off.ts'
import type { DeviceKey } from '@parley/shared/ids.ts'
import { MAX_DIALS_PER_TRY, MAX_KEPT_DEVICES, REDIAL_MAX_MS, REDIAL_MIN_MS } from '@parley/shared/limits.ts'
import type { EndpointFinder } from '#discovery/endpoint-finder.ts'
import type { SessionEnd } from '#session/session.ts'
import { type Failure, failureOf } from './attempt.ts'
import type { Dialler } from './dialler.ts'
import { RedialLoop, type RedialState } from './redial-loop.ts'

export interface KeeperOptions {
  readonly dialler: Dialler
  readonly finder: Pick<EndpointFinder, 'find'>
  readonly onState?: (device: DeviceKey, state: RedialState) => void
  readonly random?: () => number
}

/**
 * Keeps a session to every device that is wanted. It hears of sessions, whoever began them, by `sessionUp` and `sessionDown`.
 * The callbacks must not throw.
 */
export class Keeper {
  readonly #options: KeeperOptions
  readonly #kept = new Map<DeviceKey, RedialLoop>()
  readonly #leaving = new Set<Promise<void>>()
  #isStopped = false

  constructor(options: KeeperOptions) {
    this.#options = options
  }

  /** False when as many devices as possible are kept already, and none of them has been out of reach for long. */
  want(device: DeviceKey): boolean {
    if (this.#isStopped) return false
    if (this.#kept.has(device)) return true
    if (this.#kept.size >= MAX_KEPT_DEVICES && !this.#makeRoom()) return false
    const { dialler, onState, random = Math.random } = this.#options
    const loop = new RedialLoop({
      clock: dialler.clock,
      isConnected: () => dialler.isConnected(device),
      reach: (turn) => this.#reach(device, turn),
      waitMs: (failures) => backOffMs(failures, { minMs: REDIAL_MIN_MS, maxMs: REDIAL_MAX_MS, random }),
      onState: (state) => onState?.(device, state),
    })
    this.#kept.set(device, loop)
    loop.start()
    return true
  }

  /** Ends the tries; a session that is up stays. */
  unwant(device: DeviceKey): void {
    const loop = this.#kept.get(device)
    if (loop === undefined) return
    this.#kept.delete(device)
    const left = loop.stop().finally(() => this.#leaving.delete(left))
    this.#leaving.add(left)
  }

  /** It came online, or a message waits for it: try now. Nothing happens to a device that is not wanted. */
  poke(device: DeviceKey): void {
    this.#kept.get(device)?.poke()
  }

  sessionUp(device: DeviceKey): void {
    this.#kept.get(device)?.up()
  }

  sessionDown(device: DeviceKey, end: SessionEnd): void {
    this.#kept.get(device)?.down(end)
  }

  /** Undefined for a device that is not wanted. */
  state(device: DeviceKey): RedialState | undefined {
    return this.#kept.get(device)?.state
  }

  list(): { readonly device: DeviceKey; readonly state: RedialState }[] {
    return [...this.#kept].map(([device, loop]) => ({ device, state: loop.state }))
  }

  /** Ends all tries; sessions stay. Twice is safe. */
  async stop(): Promise<void> {
    this.#isStopped = true
    for (const device of this.#kept.keys()) this.unwant(device)
    await Promise.all(this.#leaving)
  }

  /** The device that could not be reached most often is kept no more; it is wanted again when there is a sign of it. */
  #makeRoom(): boolean {
    let longest: DeviceKey | undefined
    let most = LASTING_FAILURES
    for (const [device, { state }] of this.#kept) {
      if (state.state !== 'waiting' || state.attempt <= most) continue
      longest = device
      most = state.attempt
    }
    if (longest !== undefined) this.unwant(longest)
    return longest !== undefined
  }

  async #reach(
    device: DeviceKey,
    turn: { readonly signal: AbortSignal; readonly isUrgent: boolean },
  ): Promise<Failure | undefined> {
    const { dialler, finder } = this.#options
    let failure: Failure = NO_ENDPOINTS
    let dials = 0
    try {
      for await (const found of finder.find(device, turn)) {
        if (dialler.isConnected(device)) return undefined
        const { endpoint } = found
        if ('refused' in found) {
          const refused = refusedAddress(found.refused)
          dialler.report('dial', { device, endpoint, failure: refused })
          if (dials === 0) failure = refused
        } else {
          const dialled = await dialler.dial(endpoint, { ...turn, device, isExpected: true })
          if ('device' in dialled) return undefined
          failure = dialled.failure
          dials += 1
          // Whoever asks for patience is the device itself: its other addresses lead to the same answer.
          if (failure.retryAfterMs !== undefined || dials === MAX_DIALS_PER_TRY) return failure
        }
      }
      if (failure === NO_ENDPOINTS) dialler.report('look-up', { device, failure })
    } catch (error) {
      turn.signal.throwIfAborted()
      const failed = failureOf(error)
      dialler.report('look-up', { device, failure: failed })
      if (dials === 0) failure = failed
    }
    return failure
  }
}

/** Who failed no more often may only have lost its line. */
const LASTING_FAILURES = 4

const NO_ENDPOINTS: Failure = { outcome: 'no-endpoints', detail: 'nobody says where this device can be dialled' }

function refusedAddress(reason: string): Failure {
  return { outcome: 'refused-address', detail: `an address that only others vouch for is not dialled: ${reason}` }
}
