import { type Clock, systemClock } from '@parley/shared/clock.ts'
import type { DeviceKey } from '@parley/shared/ids.ts'
import { DIAL_TIMEOUT_MS } from '@parley/shared/limits.ts'
import type { Endpoint } from '@parley/shared/signed/device-statement.ts'
import { deadline } from '#session/deadline.ts'
import { type Attempt, type Failure, failureOf } from './attempt.ts'
import { DialGate } from './dial-gate.ts'

/** What dialling needs of `Sessions`. */
export interface DialledSessions {
  dial(
    endpoint: Endpoint,
    options: { readonly expect?: DeviceKey | undefined; readonly signal: AbortSignal },
  ): Promise<{ readonly device: DeviceKey }>
  current(device: DeviceKey): object | undefined
}

export interface DiallerOptions {
  readonly sessions: DialledSessions
  /** Why an endpoint must not be dialled, whoever named it. */
  readonly refuses?: (endpoint: Endpoint) => Failure | undefined
  /** Called for each try, also for those that never came to a dial. Must not throw. */
  readonly onAttempt?: (attempt: Attempt) => void
  readonly clock?: Clock
  readonly timeoutMs?: number
  /** How many dials at once. */
  readonly parallel?: number
}

export interface DialTurn {
  /** Who answers there as far as we know. */
  readonly device: DeviceKey | undefined
  /** Somebody else who answers is refused; otherwise taken. */
  readonly isExpected: boolean
  readonly signal: AbortSignal
  readonly isUrgent: boolean
}

export type Dialled = { readonly device: DeviceKey } | { readonly failure: Failure }

/** Every dial of this peer goes through here: each has its time, none doubles another, and each leaves an attempt behind. */
export class Dialler {
  readonly sessions: DialledSessions
  readonly clock: Clock
  readonly #gate: DialGate
  readonly #timeoutMs: number
  readonly #onAttempt: (attempt: Attempt) => void
  readonly #refuses: NonNullable<DiallerOptions['refuses']>

  constructor({
    sessions,
    refuses = () => undefined,
    onAttempt,
    clock = systemClock,
    timeoutMs = DIAL_TIMEOUT_MS,
    parallel,
  }: DiallerOptions) {
    this.#refuses = refuses
    this.sessions = sessions
    this.clock = clock
    this.#gate = new DialGate(parallel)
    this.#timeoutMs = timeoutMs
    this.#onAttempt = onAttempt ?? (() => undefined)
  }

  isConnected(device: DeviceKey): boolean {
    return this.sessions.current(device) !== undefined
  }

  /** Who is connected afterwards, or why nobody is. Rejects only with the reason of the signal. */
  async dial(endpoint: Endpoint, turn: DialTurn): Promise<Dialled> {
    const { device, signal } = turn
    const refusal = this.#refuses(endpoint)
    if (refusal !== undefined) {
      this.report('dial', { device, endpoint, failure: refusal })
      return { failure: refusal }
    }
    try {
      return await this.#gate.run(device, () => this.#dial(endpoint, turn), turn)
    } catch (error) {
      signal.throwIfAborted()
      const failure = failureOf(error)
      this.report('dial', { device, endpoint, failure })
      return { failure }
    }
  }

  report(what: Attempt['what'], { device, endpoint, failure }: Reported): void {
    const { outcome, detail, bye } = failure ?? { outcome: 'ok', detail: undefined }
    this.#onAttempt({ what, device, endpoint, at: this.clock.now(), outcome, detail, bye })
  }

  async #dial(endpoint: Endpoint, { device, isExpected, signal }: DialTurn): Promise<Dialled> {
    // While this dial stood in line, another may have come through, or the device itself.
    if (device !== undefined && this.isConnected(device)) return { device }
    using limit = deadline(this.clock, this.#timeoutMs, 'dialling', signal)
    const expect = isExpected ? device : undefined
    const session = await this.sessions.dial(endpoint, { expect, signal: limit.signal })
    this.report('dial', { device: session.device, endpoint })
    return { device: session.device }
  }
}

interface Reported {
  readonly device: DeviceKey | undefined
  readonly endpoint?: Endpoint | undefined
  /** Without it, it went well. */
  readonly failure?: Failure | undefined
}
