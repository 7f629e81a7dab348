import { Alarm } from '@parley/shared/alarm.ts'
import { backOffMs } from '@parley/shared/back-off.ts'
import { type Clock, systemClock } from '@parley/shared/clock.ts'
import type { FromDirectory, PresenceChange } from '@parley/shared/directory-api/presence.ts'
import type { Digest, Name } from '@parley/shared/ids.ts'
import {
  DIRECTORY_TIMEOUT_MS,
  MAX_WATCH_NAMES_PER_FRAME,
  MAX_WATCHED_NAMES,
  PRESENCE_DEAD_MS,
  REDIAL_MAX_MS,
  REDIAL_MIN_MS,
} from '@parley/shared/limits.ts'
import { signDeviceProof } from '@parley/shared/signed/device-proof.ts'
import type { Identity } from '#identity/identity.ts'
import type { DirectoryAddress } from './directory-address.ts'
import { asDirectoryError, DirectoryError } from './directory-error.ts'
import { PresenceConnection } from './presence-connection.ts'

export type PresenceState =
  | { readonly state: 'connecting' }
  | { readonly state: 'online' }
  /** `until` is Unix milliseconds. */
  | { readonly state: 'waiting'; readonly until: number; readonly error: DirectoryError }
  | { readonly state: 'stopped' }

export interface PresenceClientOptions extends DirectoryAddress {
  readonly identity: Identity
  /** The audience of the directory that was pinned. */
  readonly audience: (options: { readonly signal: AbortSignal }) => Promise<Digest>
  /** Somebody watched is now so; each is stated again after every connect. */
  readonly onChange: (change: PresenceChange) => void
  /** So many of my one-time prekeys are left at the directory. */
  readonly onPrekeys: (oneTime: number) => void
  readonly onState?: (state: PresenceState) => void
  readonly clock?: Clock
  readonly random?: () => number
  readonly timeoutMs?: number
  readonly deadMs?: number
}

/**
 * Keeps this device online at the directory, and hears who else is. It connects again by itself for as long as it is not
 * stopped; while its state is not `online`, what it said of others is outdated. The callbacks must not throw.
 */
export class PresenceClient {
  readonly #options: PresenceClientOptions
  readonly #clock: Clock
  readonly #alarm: Alarm
  readonly #stopped = new AbortController()
  readonly #watched = new Set<Name>()
  #state: PresenceState = { state: 'connecting' }
  #connection: PresenceConnection | undefined
  #running: Promise<void> | undefined

  constructor(options: PresenceClientOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#alarm = new Alarm(this.#clock)
  }

  get state(): PresenceState {
    return this.#state
  }

  start(): void {
    this.#running ??= this.#run()
  }

  /** Adds to the names watched. Throws DirectoryError `too-many-names`, and then adds none of these. */
  watch(names: Iterable<Name>): void {
    const added = [...new Set(names)].filter((name) => !this.#watched.has(name))
    if (this.#watched.size + added.length > MAX_WATCHED_NAMES) {
      throw new DirectoryError('too-many-names', `at most ${MAX_WATCHED_NAMES} names can be watched`)
    }
    for (const name of added) this.#watched.add(name)
    this.#tell('watch', added)
  }

  unwatch(names: Iterable<Name>): void {
    this.#tell(
      'unwatch',
      [...new Set(names)].filter((name) => this.#watched.delete(name)),
    )
  }

  /** There is reason to believe that the directory can be reached again. */
  retryNow(): void {
    if (this.#state.state === 'waiting') this.#alarm.ring()
  }

  /** Leaves; the directory then counts this device as offline. Twice is safe. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    this.#connection?.abort(new DirectoryError('closed', 'the presence client was stopped'))
    await this.#running
  }

  async #run(): Promise<void> {
    const { random = Math.random } = this.#options
    const { signal } = this.#stopped
    let failures = 0
    while (!signal.aborted) {
      this.#become({ state: 'connecting' })
      const { error, wasOnline } = await this.#connect(signal)
      if (signal.aborted) break
      failures = wasOnline ? 1 : failures + 1
      // Two installations with one device key would throw each other out for ever.
      const minMs = error.code === 'replaced' ? REDIAL_MAX_MS : REDIAL_MIN_MS
      const waitMs = backOffMs(failures, { minMs, maxMs: REDIAL_MAX_MS, random })
      this.#become({ state: 'waiting', until: this.#clock.now() + waitMs, error })
      await this.#alarm.wait(waitMs, signal)
    }
    this.#become({ state: 'stopped' })
  }

  /** Resolves when the connection, or the attempt, is over. */
  async #connect(signal: AbortSignal): Promise<{ error: DirectoryError; wasOnline: boolean }> {
    let wasOnline = false
    try {
      const { url, ca, audience, timeoutMs = DIRECTORY_TIMEOUT_MS, deadMs = PRESENCE_DEAD_MS } = this.#options
      const aud = await audience({ signal })
      if (signal.aborted) return { error: new DirectoryError('closed', 'stopped'), wasOnline }
      const connection = new PresenceConnection({
        url,
        ca,
        clock: this.#clock,
        timeoutMs,
        deadMs,
        onFrame: (frame) => {
          if (frame.type === 'challenge') this.#authenticate(connection, aud, frame.nonce)
          else if (frame.type === 'ready') wasOnline = this.#ready()
          else if (wasOnline) this.#hear(frame)
        },
      })
      this.#connection = connection
      return { error: await connection.ended, wasOnline }
    } catch (error) {
      return { error: asDirectoryError(error), wasOnline }
    } finally {
      this.#connection = undefined
    }
  }

  #authenticate(connection: PresenceConnection, aud: Digest, nonce: string): void {
    const { accountId, name, device } = this.#options.identity
    signDeviceProof('presence', { aud, accountId, name, deviceKey: device.publicKey, nonce }, device.privateKey).then(
      (proof) => connection.send({ type: 'authenticate', proof }),
      (error: unknown) => connection.abort(asDirectoryError(error)),
    )
  }

  #ready(): true {
    this.#become({ state: 'online' })
    this.#tell('watch', [...this.#watched])
    return true
  }

  #hear(frame: FromDirectory): void {
    if (frame.type === 'prekeys') this.#options.onPrekeys(frame.oneTime)
    if (frame.type !== 'presence') return
    for (const change of frame.changes) {
      if (this.#watched.has(change.name)) this.#options.onChange(change)
    }
  }

  #tell(type: 'watch' | 'unwatch', names: readonly Name[]): void {
    if (this.#state.state !== 'online') return
    for (let at = 0; at < names.length; at += MAX_WATCH_NAMES_PER_FRAME) {
      this.#connection?.send({ type, names: names.slice(at, at + MAX_WATCH_NAMES_PER_FRAME) })
    }
  }

  #become(state: PresenceState): void {
    this.#state = state
    this.#options.onState?.(state)
  }
}
