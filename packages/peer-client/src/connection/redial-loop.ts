import { isDeepStrictEqual } from 'node:util'
import { Alarm } from '@parley/shared/alarm.ts'
import type { Clock } from '@parley/shared/clock.ts'
import { MAX_RETRY_AFTER_MS, REDIAL_MIN_MS, SESSION_SETTLED_MS } from '@parley/shared/limits.ts'
import type { SessionEnd } from '#session/session.ts'
import { type Failure, failureOf } from './attempt.ts'

export type RedialState =
  | { readonly state: 'connected' }
  /** `attempt` counts from 1 since the last session that lasted. */
  | { readonly state: 'trying'; readonly attempt: number }
  /** `until` is Unix milliseconds; `attempt` is the one to come; `failure` is why the last one, or the session, failed. */
  | { readonly state: 'waiting'; readonly until: number; readonly attempt: number; readonly failure: Failure }
  | { readonly state: 'stopped' }

export interface RedialLoopOptions {
  readonly clock: Clock
  readonly isConnected: () => boolean
  /** Resolves with why it did not work, or undefined. Rejecting is a failure like any other. */
  readonly reach: (turn: { readonly signal: AbortSignal; readonly isUrgent: boolean }) => Promise<Failure | undefined>
  /** After so many failures in a row, counted from 1. */
  readonly waitMs: (failures: number) => number
  readonly onState: (state: RedialState) => void
}

const GONE: Failure = { outcome: 'ended', detail: 'the session was gone at once' }

/** Tries until there is a session, rests while there is one, and begins again when it is gone. */
export class RedialLoop {
  readonly #options: RedialLoopOptions
  readonly #clock: Clock
  readonly #alarm: Alarm
  readonly #stopped = new AbortController()
  #running: Promise<void> | undefined
  #state: RedialState = { state: 'trying', attempt: 1 }
  #failures = 0
  #failure: Failure = GONE
  #nextTryAtMs = Number.NEGATIVE_INFINITY
  #until = 0
  #ends = 0
  #notBeforeMs = Number.NEGATIVE_INFINITY
  #triedAtMs = Number.NEGATIVE_INFINITY
  #upAtMs: number | undefined
  #isUrgent = false

  constructor(options: RedialLoopOptions) {
    this.#options = options
    this.#clock = options.clock
    this.#alarm = new Alarm(options.clock)
  }

  get state(): RedialState {
    return this.#state
  }

  start(): void {
    this.#running ??= this.#run()
  }

  /** Gives up what it tries. A session that is up stays. Twice is safe. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    await this.#running
  }

  /** There is reason to try now. It still leaves a second between two tries, and the patience that the other side asked for. */
  poke(): void {
    if (this.#options.isConnected()) return
    this.#isUrgent = true
    this.#bringForward()
  }

  /** There is a session now. */
  up(): void {
    this.#upAtMs ??= this.#clock.elapsedMs()
    this.#alarm.ring()
  }

  /** A session has ended; there may be another. */
  down(end: SessionEnd): void {
    if (this.#options.isConnected()) return
    this.#ends += 1
    const lastedMs = this.#upAtMs === undefined ? 0 : this.#clock.elapsedMs() - this.#upAtMs
    this.#upAtMs = undefined
    if (lastedMs >= SESSION_SETTLED_MS) this.#failures = 0
    const isFirst = this.#failures === 0
    this.#failed(failureOfEnd(end))
    // A line that broke is mended at once, and once; whoever said bye wants to be left alone for a moment.
    if (isFirst && end.by !== 'peer') this.#schedule(this.#clock.elapsedMs())
    this.#alarm.ring()
  }

  async #run(): Promise<void> {
    const { isConnected } = this.#options
    const { signal } = this.#stopped
    while (!signal.aborted) {
      const waitMs = this.#nextTryAtMs - this.#clock.elapsedMs()
      if (isConnected()) {
        this.#upAtMs ??= this.#clock.elapsedMs()
        this.#become({ state: 'connected' })
        await this.#alarm.wait(undefined, signal)
      } else if (waitMs > 0) {
        this.#become({ state: 'waiting', until: this.#until, attempt: this.#failures + 1, failure: this.#failure })
        await this.#alarm.wait(waitMs, signal)
      } else {
        await this.#try(signal)
      }
    }
    this.#become({ state: 'stopped' })
  }

  async #try(signal: AbortSignal): Promise<void> {
    const { reach, isConnected } = this.#options
    this.#become({ state: 'trying', attempt: this.#failures + 1 })
    const isUrgent = this.#isUrgent
    this.#isUrgent = false
    const ends = this.#ends
    const failure = await reach({ signal, isUrgent }).catch(failureOf)
    this.#triedAtMs = this.#clock.elapsedMs()
    // A session may end before we hear that it came up; what follows from that was then decided by its end.
    if (signal.aborted || isConnected() || this.#ends > ends) return
    this.#failed(failure ?? GONE)
    if (this.#isUrgent) this.#bringForward()
  }

  #failed(failure: Failure): void {
    const nowMs = this.#clock.elapsedMs()
    this.#failure = failure
    this.#failures += 1
    this.#notBeforeMs = nowMs + Math.min(failure.retryAfterMs ?? 0, MAX_RETRY_AFTER_MS)
    this.#schedule(Math.max(this.#notBeforeMs, nowMs + this.#options.waitMs(this.#failures)))
  }

  #bringForward(): void {
    const soonestMs = Math.max(this.#notBeforeMs, this.#triedAtMs + REDIAL_MIN_MS)
    if (soonestMs >= this.#nextTryAtMs) return
    this.#schedule(soonestMs)
    this.#alarm.ring()
  }

  #schedule(atMs: number): void {
    this.#nextTryAtMs = atMs
    this.#until = Math.round(this.#clock.now() + atMs - this.#clock.elapsedMs())
  }

  #become(state: RedialState): void {
    if (isDeepStrictEqual(state, this.#state) && state.state !== 'trying') return
    this.#state = state
    this.#options.onState(state)
  }
}

function failureOfEnd(end: SessionEnd): Failure {
  switch (end.by) {
    case 'us':
      return { outcome: end.reason, detail: end.error === undefined ? 'we ended the session' : end.error.message }
    case 'peer': {
      const detail = 'the other side ended the session'
      const { reason: outcome, retryAfterMs } = end
      return retryAfterMs === undefined ? { outcome, detail } : { outcome, detail, retryAfterMs }
    }
    case 'link':
      return { outcome: end.reason, detail: end.error === undefined ? 'the link broke' : end.error.message }
  }
}
