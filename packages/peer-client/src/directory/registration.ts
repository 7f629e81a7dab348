import { isDeepStrictEqual } from 'node:util'
import { Alarm } from '@parley/shared/alarm.ts'
import { backOffMs } from '@parley/shared/back-off.ts'
import { type Clock, systemClock } from '@parley/shared/clock.ts'
import {
  LOW_ONE_TIME_PREKEYS,
  PREKEY_REFILL_MIN_MS,
  REDIAL_MAX_MS,
  REDIAL_MIN_MS,
  REGISTRATION_CHECK_MS,
} from '@parley/shared/limits.ts'
import type { DeviceStatement } from '@parley/shared/signed/device-statement.ts'
import type { PrekeyBatch } from '@parley/shared/signed/prekeys.ts'
import type { Identity } from '#identity/identity.ts'
import type { DirectoryClient } from './directory-client.ts'
import { asDirectoryError, type DirectoryError } from './directory-error.ts'
import type { Said } from './my-record.ts'
import type { VerifiedUser } from './verified-user.ts'

export type RegistrationState =
  | {
      readonly state: 'working'
      readonly on: 'publishing the account record' | 'publishing the device statement' | 'uploading prekeys'
    }
  /** Unix milliseconds. */
  | { readonly state: 'registered'; readonly at: number }
  | { readonly state: 'waiting'; readonly until: number; readonly error: DirectoryError }
  /** Somebody has to do something, here or at the directory; in case it was there, it is tried again at `until`. */
  | { readonly state: 'refused'; readonly until: number; readonly error: DirectoryError }
  | { readonly state: 'stopped' }

export interface RegistrationOptions {
  readonly directory: Pick<DirectoryClient, 'publishRecord' | 'publishStatement' | 'prekeyCount' | 'uploadPrekeys'>
  readonly identity: Identity
  readonly said?: () => Said
  /** What this device says of itself, now that the directory was reached and has seen it from `observedAddress`. */
  readonly statement: (observedAddress: string | undefined) => Pick<DeviceStatement, 'endpoints' | 'features'>
  /** A batch for a directory that holds so many one-time prekeys, its private halves on the disk. */
  readonly prekeys: (held: number) => PrekeyBatch | Promise<PrekeyBatch>
  /** A batch should go to a directory that holds so many one-time prekeys; by default when they run low. */
  readonly isBatchDue?: (held: number) => boolean
  /** The directory holds this record of the account now, or did already. */
  readonly onPublished?: (user: VerifiedUser) => void
  readonly onState?: (state: RegistrationState) => void
  readonly clock?: Clock
  readonly random?: () => number
}

/**
 * Sees to it that the directory holds what others need of this device: the account record, the statement, prekeys. It looks
 * again when told, when prekeys run low, and once a day. The callbacks must not throw.
 */
export class Registration {
  readonly #options: RegistrationOptions
  readonly #clock: Clock
  readonly #alarm: Alarm
  readonly #stopped = new AbortController()
  #running: Promise<void> | undefined
  #state: RegistrationState = { state: 'working', on: 'publishing the account record' }
  #refilledAtMs = Number.NEGATIVE_INFINITY
  #cancelRefill: () => void = () => undefined

  constructor(options: RegistrationOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#alarm = new Alarm(this.#clock)
  }

  get state(): RegistrationState {
    return this.#state
  }

  start(): void {
    this.#running ??= this.#run()
  }

  /** Something changed, here or at the directory: look again. */
  refresh(): void {
    this.#alarm.ring()
  }

  /** What the directory says it has left. It must not keep this device making keys: it is taken at its word once a minute. */
  prekeysLeft(oneTime: number): void {
    if (oneTime >= LOW_ONE_TIME_PREKEYS || this.#stopped.signal.aborted) return
    this.#cancelRefill()
    this.#cancelRefill = this.#clock.after(this.#refillInMs(), () => this.#alarm.ring())
  }

  /** Leaves what is registered as it is. Twice is safe. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    this.#cancelRefill()
    await this.#running
  }

  async #run(): Promise<void> {
    const { random = Math.random } = this.#options
    const { signal } = this.#stopped
    let failures = 0
    while (!signal.aborted) {
      const error = await this.#register(signal).catch(asDirectoryError)
      if (signal.aborted) break
      let waitMs = REGISTRATION_CHECK_MS
      if (error === undefined) {
        failures = 0
        this.#become({ state: 'registered', at: this.#clock.now() })
      } else {
        failures += 1
        waitMs = Math.max(
          backOffMs(failures, { minMs: REDIAL_MIN_MS, maxMs: REDIAL_MAX_MS, random }),
          error.retryAfterMs ?? 0,
        )
        const until = this.#clock.now() + waitMs
        this.#become({ state: error.isTemporary ? 'waiting' : 'refused', until, error })
      }
      await this.#alarm.wait(waitMs, signal)
    }
    this.#become({ state: 'stopped' })
  }

  async #register(signal: AbortSignal): Promise<undefined> {
    const { directory, said } = this.#options
    this.#become({ state: 'working', on: 'publishing the account record' })
    const { user } = await directory.publishRecord(said?.(), { signal })
    this.#options.onPublished?.(user)
    const statement = this.#options.statement(user.observed.address)
    if (!this.#isStated(statement, user)) {
      this.#become({ state: 'working', on: 'publishing the device statement' })
      await directory.publishStatement(statement, { signal })
    }
    await this.#refill(signal)
    return undefined
  }

  #isStated(statement: Pick<DeviceStatement, 'endpoints' | 'features'>, user: VerifiedUser): boolean {
    const held = user.statements.find(({ deviceKey }) => deviceKey === this.#options.identity.device.publicKey)
    return held !== undefined && isDeepStrictEqual(statement, { endpoints: held.endpoints, features: held.features })
  }

  async #refill(signal: AbortSignal): Promise<void> {
    const { directory, prekeys, isBatchDue = isLow } = this.#options
    if (this.#refillInMs() > 0) return
    const held = await directory.prekeyCount({ signal })
    if (isBatchDue(held)) {
      this.#become({ state: 'working', on: 'uploading prekeys' })
      await directory.uploadPrekeys(await prekeys(held), { signal })
    }
    this.#refilledAtMs = this.#clock.elapsedMs()
  }

  #refillInMs(): number {
    return Math.max(0, this.#refilledAtMs + PREKEY_REFILL_MIN_MS - this.#clock.elapsedMs())
  }

  #become(state: RegistrationState): void {
    this.#state = state
    this.#options.onState?.(state)
  }
}

function isLow(held: number): boolean {
  return held < LOW_ONE_TIME_PREKEYS
}
