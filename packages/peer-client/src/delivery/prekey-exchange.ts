// Where a new ratchet's prekey bundle comes from: the directory when it has one, else the device itself, over the session.
import type { DeviceKey } from '@parley/shared/ids.ts'
import { MAX_PREKEY_REQUESTS_PER_SESSION, PREKEY_REQUEST_TIMEOUT_MS } from '@parley/shared/limits.ts'
import type { PrekeyBundle } from '@parley/shared/signed/prekeys.ts'
import { TYPE } from '@parley/shared/wire/frames.ts'
import { DeliveryError } from './delivery-error.ts'
import type { Clock, DeliveryLog, Line, Sealing } from './ports.ts'

export interface PrekeyExchangeDeps {
  readonly sealing: Sealing
  readonly clock: Clock
  readonly log: DeliveryLog
  /** From the directory. Rejects when it has none, is away, or there is no directory. */
  readonly claimBundle: (device: DeviceKey, signal: AbortSignal) => Promise<PrekeyBundle>
  readonly lineTo: (device: DeviceKey) => Line | undefined
}

export class PrekeyExchange {
  readonly #deps: PrekeyExchangeDeps
  readonly #awaited = new Map<DeviceKey, (bundle: PrekeyBundle) => void>()
  readonly #given = new WeakMap<Line, number>()

  constructor(deps: PrekeyExchangeDeps) {
    this.#deps = deps
  }

  /** A bundle of the device. Rejects with a named `code` when neither source gives one. */
  async fetch(device: DeviceKey, signal: AbortSignal): Promise<PrekeyBundle> {
    const { claimBundle, log } = this.#deps
    try {
      return await claimBundle(device, signal)
    } catch (error) {
      signal.throwIfAborted()
      const reason = error instanceof Error ? error.message : String(error)
      log.debug({ device, reason }, 'no prekeys from the directory, asking the device')
      return this.#request(device, signal)
    }
  }

  /** Answers a request. Rejects when the device asks without end. */
  async give(line: Line): Promise<void> {
    const given = (this.#given.get(line) ?? 0) + 1
    this.#given.set(line, given)
    if (given > MAX_PREKEY_REQUESTS_PER_SESSION) {
      throw new DeliveryError('protocol-violation', 'too many requests for prekeys on one session')
    }
    line.send({ type: TYPE.prekeys, bundle: await this.#deps.sealing.ownBundle() })
  }

  /** An answer; ignored when nothing was asked. */
  take(device: DeviceKey, bundle: PrekeyBundle): void {
    this.#awaited.get(device)?.(bundle)
  }

  async #request(device: DeviceKey, signal: AbortSignal): Promise<PrekeyBundle> {
    const { promise, resolve, reject } = Promise.withResolvers<PrekeyBundle>()
    this.#awaited.set(device, resolve)
    const cancel = this.#deps.clock.after(PREKEY_REQUEST_TIMEOUT_MS, () => {
      reject(new DeliveryError('no-bundle', 'the device gave no prekeys in time'))
    })
    const onAbort = (): void => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      const isAsked = this.#deps.lineTo(device)?.send({ type: TYPE.prekeysRequest }) ?? false
      if (!isAsked) throw new DeliveryError('no-bundle', 'the session ended before prekeys came')
      return await promise
    } finally {
      cancel()
      signal.removeEventListener('abort', onAbort)
      this.#awaited.delete(device)
    }
  }
}
