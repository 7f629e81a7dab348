// One courier per remote device: it owns what lasts only as long as the process does (the session, the window's waiting,
// the back-off) and seals whatever the device is to get. What must survive is in the store.
import type { AccountId, DeviceKey, EnvelopeId } from '@parley/shared/ids.ts'
import {
  MAX_OPEN_ENVELOPE_BYTES,
  MAX_OPEN_ENVELOPES,
  RESEAL_MAX_MS,
  RESEAL_MIN_MS,
  RESEALS_BEFORE_BACKOFF,
} from '@parley/shared/limits.ts'
import { isPlanted } from '@parley/shared/planted-faults.ts'
import type { PrekeyBundle } from '@parley/shared/signed/prekeys.ts'
import { encodeBundle } from '@parley/shared/wire/bundle.ts'
import { TYPE } from '@parley/shared/wire/frames.ts'
import type { DeviceRow } from '#store/devices-table.ts'
import type { Store } from '#store/store.ts'
import type { Deadlines } from './deadlines.ts'
import { describeError, StalePlanError } from './delivery-error.ts'
import type { FreshMessages } from './fresh-messages.ts'
import { type Plan, Planner } from './plan.ts'
import { reencrypted } from './planted.ts'
import type { Clock, DeliveryEvents, DeliveryLog, Line, Locks, Me, Sealing } from './ports.ts'
import { commitSealed, newEnvelopeId } from './seal-commit.ts'

export interface CourierDeps {
  readonly store: Store
  readonly me: Me
  readonly sealing: Sealing
  readonly locks: Locks
  readonly clock: Clock
  readonly random: (size: number) => Uint8Array
  readonly fresh: FreshMessages
  readonly deadlines: Deadlines
  readonly events: DeliveryEvents
  readonly log: DeliveryLog
  /** A prekey bundle of the device, from wherever one is to be had. Rejects with a named `code`. */
  readonly fetchBundle: (device: DeviceKey, signal: AbortSignal) => Promise<PrekeyBundle>
  /** Whether anything may be sealed for the account now: accepted, and no key change awaits the user. */
  readonly mayServe: (account: AccountId) => boolean
}

/** A plan that carries nothing but a confirmation of the ratchet. */
const NOTHING: Plan = { streams: [], messages: [], withheld: [], ranges: [], heads: [], advances: [], reseals: [] }

export class Courier {
  readonly device: DeviceKey
  readonly #deps: CourierDeps
  readonly #planner: Planner
  readonly #stopping = new AbortController()
  #line: Line | undefined
  /** Its last positions page was applied and the retry list was written: new envelopes may follow. */
  #isReady = false
  #claimed = new Map<number, readonly { from: number; to: number }[]>()
  #bundle: PrekeyBundle | undefined
  #mustConfirm = false
  /** With the ratchet in force, and it did not fail since. */
  #hasSealed = false
  #turn = 0
  #pumping: Promise<void> | undefined
  #pumpAgain = false
  #failures = 0
  #cancelWait: (() => void) | undefined

  constructor(device: DeviceKey, deps: CourierDeps) {
    this.device = device
    this.#deps = deps
    this.#planner = new Planner(deps.store, deps.me, deps.fresh)
  }

  get line(): Line | undefined {
    return this.#line
  }

  /** The session that may be written to, if there is one. */
  get readyLine(): Line | undefined {
    return this.#isReady && this.#line?.isOpen === true ? this.#line : undefined
  }

  attach(line: Line): void {
    this.#line = line
    this.#isReady = false
    this.#claimed = new Map()
    this.#failures = 0
    this.#stopWaiting()
  }

  detach(line: Line): void {
    if (this.#line !== line) return
    this.#line = undefined
    this.#isReady = false
    this.#stopWaiting()
  }

  /** After the device's last positions page: writes all open envelopes again, oldest first, then seals. Under the device's lock. */
  async resume(line: Line): Promise<void> {
    if (this.#line !== line) return
    const { store, sealing, clock } = this.#deps
    const open = store.envelopes.openWithBytes(this.device)
    const write = (): void => {
      for (const { id, sealing: kind, bytes } of open) line.send({ type: TYPE.envelope, id, sealing: kind, bytes })
    }
    if (isPlanted('resend-by-reencryption'))
      for (const envelope of open) envelope.bytes = await reencrypted(store, sealing, envelope)
    if (isPlanted('retry-outside-lock')) clock.after(RESEAL_MIN_MS / 50, write)
    else write()
    this.#isReady = true
    this.pump()
  }

  setClaimed(stream: number, ranges: readonly { from: number; to: number }[]): void {
    if (ranges.length === 0) this.#claimed.delete(stream)
    else this.#claimed.set(stream, ranges)
  }

  /** A bundle that the device itself sent along, used for the next new ratchet. */
  offerBundle(bundle: PrekeyBundle): void {
    this.#bundle = bundle
  }

  /** Nothing more is sealed for the device for a while, or until its next session. */
  pause(reason: string): void {
    this.#wait(Number.POSITIVE_INFINITY, reason)
  }

  /** The device began a ratchet towards me: anything sealed confirms it, so something must be, soon. */
  confirmSoon(): void {
    this.#mustConfirm = true
  }

  /** Seals until nothing waits, the window is full or the session is gone. Never throws. */
  pump(): void {
    if (this.#stopping.signal.aborted) return
    this.#pumpAgain = true
    this.#pumping ??= this.#pump().finally(() => {
      this.#pumping = undefined
    })
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#stopWaiting()
    await this.#pumping
  }

  /** Whether a message could go at once, ahead of any plan: nothing waits and nothing is in the way. */
  isIdle(): boolean {
    const { store, locks } = this.#deps
    if (this.readyLine === undefined || this.#pumping !== undefined || this.#mustConfirm || !locks.isFree(this.device))
      return false
    const row = store.devices.get(this.device)
    return row !== undefined && this.#isServed(row) && this.#hasRatchet(row) && this.#hasRoom()
  }

  /** A committed envelope, to whatever session is current now; without one it waits for the next. */
  write(id: EnvelopeId, bytes: Uint8Array, { ranges }: Pick<Plan, 'ranges'>): void {
    this.readyLine?.send({ type: TYPE.envelope, id, sealing: 'signal', bytes })
    for (const range of ranges) this.#deps.events.sent(range)
  }

  async #pump(): Promise<void> {
    while (this.#pumpAgain && !this.#stopping.signal.aborted) {
      this.#pumpAgain = false
      try {
        if (await this.#sealNext()) this.#pumpAgain = true
      } catch (error) {
        if (this.#stopping.signal.aborted) return
        this.#noteFailure(error)
      }
    }
  }

  /** True when there may be more to seal. */
  async #sealNext(): Promise<boolean> {
    const { locks, fetchBundle, deadlines } = this.#deps
    if (this.#cancelWait !== undefined || this.readyLine === undefined) return false
    if (deadlines.isDue()) await deadlines.expire()
    const outcome = await locks.run(this.device, () => this.#sealLocked())
    if (outcome !== 'no-bundle') return outcome
    // Outside the lock: the bundle may have to come over the very session whose envelopes the lock holds up.
    this.#bundle = await fetchBundle(this.device, this.#stopping.signal)
    return true
  }

  async #sealLocked(): Promise<boolean | 'no-bundle'> {
    const { store, sealing, me, clock, random, fresh } = this.#deps
    const line = this.readyLine
    const row = store.devices.get(this.device)
    if (line === undefined || row === undefined || !this.#isServed(row) || !this.#hasRoom()) return false
    const isRenewal = !this.#hasRatchet(row)
    const bundle = isRenewal ? this.#bundle : undefined
    if (isRenewal && bundle === undefined) return this.#hasWork(row) ? 'no-bundle' : false
    const plan =
      this.#planner.next(this.device, row.account, this.#claimed, this.#turn) ??
      (this.#mustConfirm ? NOTHING : undefined)
    if (plan === undefined) return false
    const plaintext = encodeBundle({
      streams: plan.streams,
      messages: plan.messages,
      withheld: plan.withheld,
      control: this.#mustConfirm ? [{ kind: 'confirm' }] : [],
    })
    if (isRenewal) this.#bundle = undefined
    const { bytes, change } = await sealing.seal(this.device, plaintext, bundle)
    const id = newEnvelopeId(store, me, random)
    if (isPlanted('send-before-commit')) this.write(id, bytes, { ranges: [] })
    const sealed = {
      plan,
      device: this.device,
      account: row.account,
      id,
      bytes,
      change,
      isRenewed: isRenewal,
      path: line.path,
      at: clock.now(),
    }
    try {
      await store.commits.run(() => commitSealed(store, me, sealed))
    } catch (error) {
      if (!(error instanceof StalePlanError)) throw error
      for (const { stream } of plan.ranges) fresh.forget(stream)
      if (isRenewal) this.#bundle = bundle
      return true
    }
    for (const { stream, to } of plan.advances) fresh.forget(stream, to)
    this.#turn += 1
    this.#failures = 0
    this.#hasSealed = true
    this.#mustConfirm = false
    this.write(id, bytes, plan)
    this.#backOffAfterReseals(plan)
    return true
  }

  /** What sealed before seals again; that it does not any more, after a month without an answer, shows when it is tried. */
  #hasRatchet(row: DeviceRow): boolean {
    return row.mustRenew === 0 && (this.#hasSealed || this.#deps.sealing.has(this.device))
  }

  #hasWork(row: DeviceRow): boolean {
    return this.#mustConfirm || this.#planner.next(this.device, row.account, this.#claimed, this.#turn) !== undefined
  }

  #isServed(row: DeviceRow): boolean {
    return row.state === 'active' && this.#deps.mayServe(row.account)
  }

  #hasRoom(): boolean {
    const { envelopes, bytes } = this.#deps.store.envelopes.window(this.device)
    return envelopes < MAX_OPEN_ENVELOPES && bytes < MAX_OPEN_ENVELOPE_BYTES
  }

  #backOffAfterReseals(plan: Plan): void {
    const counts = plan.reseals.map((stream) => this.#deps.store.cursors.get(stream, this.device)?.reseals ?? 0)
    const over = Math.max(0, ...counts) - RESEALS_BEFORE_BACKOFF
    if (over >= 0) this.#wait(over, 'the device could not open what was sealed for it, several times')
  }

  #noteFailure(error: unknown): void {
    const { store, log, clock } = this.#deps
    const { code, message } = describeError(error)
    this.#hasSealed = false
    log.warn({ device: this.device, code, reason: message }, 'nothing could be sealed for a device')
    const account = store.devices.get(this.device)?.account
    if (account !== undefined) {
      const attempt = {
        account,
        device: this.device,
        what: 'seal',
        at: clock.now(),
        outcome: code,
        detail: message,
      } as const
      store.commits
        .run(() => store.attempts.insert(attempt))
        .catch((failure: unknown) => log.error({ err: failure }, 'an attempt could not be noted'))
    }
    this.#wait(this.#failures, message)
    this.#failures += 1
  }

  #wait(step: number, reason: string): void {
    if (this.#stopping.signal.aborted) return
    const ms = Math.min(RESEAL_MIN_MS * 2 ** Math.min(step, 20), RESEAL_MAX_MS)
    this.#deps.log.info({ device: this.device, ms, reason }, 'waiting before the next seal')
    this.#cancelWait?.()
    this.#cancelWait = this.#deps.clock.after(ms, () => {
      this.#cancelWait = undefined
      this.pump()
    })
  }

  #stopWaiting(): void {
    this.#cancelWait?.()
    this.#cancelWait = undefined
  }
}
