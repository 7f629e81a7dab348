// The delivery protocol of one profile: frames of all sessions come in here, and everything that is owed goes out.
import { channel } from 'node:diagnostics_channel'
import type { AccountId, DeviceKey } from '@parley/shared/ids.ts'
import { isPlanted } from '@parley/shared/planted-faults.ts'
import { RandomPool } from '@parley/shared/random-pool.ts'
import type { PrekeyBundle } from '@parley/shared/signed/prekeys.ts'
import { type Claim, type FrameOf, type RejectCode, TYPE } from '@parley/shared/wire/frames.ts'
import type { Store } from '#store/store.ts'
import { applyClaims, applySilence, type ClaimsOutcome } from './claims.ts'
import { Courier, type CourierDeps } from './courier.ts'
import { DeliveryError } from './delivery-error.ts'
import { FreshMessages } from './fresh-messages.ts'
import { Inbox, type InboxDeps } from './inbox.ts'
import { LamportClock } from './lamport.ts'
import { Outbox, type SendOptions } from './outbox.ts'
import type { OutboxQuota } from './outbox-quota.ts'
import { type Accepted, type Draft, OwnStreams } from './own-streams.ts'
import type { Clock, DeliveryEvents, DeliveryFrame, DeliveryLog, Line, Locks, Me, Sealing } from './ports.ts'
import { positionsPages } from './positions.ts'
import { PrekeyExchange } from './prekey-exchange.ts'
import { demandRenewal } from './renewal.ts'

export interface DeliveryOptions {
  readonly store: Store
  readonly me: Me
  readonly sealing: Sealing
  readonly locks: Locks
  readonly clock: Clock
  readonly events: DeliveryEvents
  readonly log: DeliveryLog
  readonly mayServe: (account: AccountId) => boolean
  /** From the directory; rejects when there is none, and the device itself is asked. */
  readonly claimBundle: (device: DeviceKey, signal: AbortSignal) => Promise<PrekeyBundle>
  /** See InboxDeps. */
  readonly onSpecial?: InboxDeps['onSpecial']
  readonly random?: (size: number) => Uint8Array
  readonly quota?: OutboxQuota
}

/** For measurements: an acknowledgement came in, and nothing was done with it yet. */
const ANSWERS = channel('parley:answer')

/** Rejections that a new envelope answers; every other code ends the messages it is about. */
const RESEALED: ReadonlySet<RejectCode> = new Set(['undecryptable', 'duplicate', 'unknown-prekey'])

export class Delivery {
  readonly outbox: Outbox
  readonly #options: DeliveryOptions
  readonly #inbox: Inbox
  readonly #random: (size: number) => Uint8Array
  readonly #fresh = new FreshMessages()
  readonly #couriers = new Map<DeviceKey, Courier>()
  /** Until a device becomes known. */
  readonly #byAccount = new Map<AccountId, Courier[]>()
  readonly #lines = new WeakMap<Line, LineState>()
  readonly #prekeys: PrekeyExchange

  constructor(options: DeliveryOptions) {
    const { store, me, random = new RandomPool().take } = options
    this.#options = options
    this.#random = random
    const lamport = new LamportClock(store.meta)
    this.#prekeys = new PrekeyExchange({ ...options, lineTo: (device) => this.#courier(device).line })
    const ownStreams = new OwnStreams({ store, me, lamport, random })
    this.#inbox = new Inbox({ ...options, lamport, random, onBegun: (device) => this.#confirm(device) })
    this.outbox = new Outbox(
      {
        ...options,
        ownStreams,
        lamport,
        random,
        fresh: this.#fresh,
        couriersOf: (account) => this.#couriersOf(account),
        pump: (account) => this.pump(account),
      },
      options.quota,
    )
  }

  send(draft: Draft, options?: SendOptions): Promise<Accepted> {
    return this.outbox.send(draft, options)
  }

  /** A device became known, or its account's conversations did: makes sure that it is served. */
  async serve(device: DeviceKey): Promise<void> {
    const { store } = this.#options
    this.#byAccount.clear()
    await store.commits.run(() => this.#addCursors(device))
    this.#courier(device).pump()
  }

  /**
   * The session is up and is the current one to its device. It may be told again of an older session that outlived a newer one;
   * what that one's other end said of its positions still counts, as it will not say it twice.
   */
  attach(line: Line): void {
    const courier = this.#courier(line.device)
    courier.attach(line)
    const known = this.#lines.get(line)
    if (known === undefined) {
      this.#lines.set(line, { listed: new Set(), isComplete: false })
      for (const page of positionsPages(this.#options.store, line.device)) line.send(page)
    } else if (known.isComplete) {
      this.#options.locks
        .run(line.device, async () => courier.resume(line))
        .catch((error: unknown) =>
          this.#options.log.error({ err: error, device: line.device }, 'an older session could not be resumed'),
        )
    }
  }

  detach(line: Line): void {
    this.#couriers.get(line.device)?.detach(line)
  }

  pump(account: AccountId): void {
    for (const courier of this.#couriersOf(account)) courier.pump()
  }

  /** Handles one frame of a session, current or draining. Rejects when that session must end. */
  async receive(line: Line, frame: DeliveryFrame): Promise<void> {
    switch (frame.type) {
      case TYPE.envelope:
        await this.#inbox.receive(line, frame)
        this.#courier(line.device).pump()
        return
      case TYPE.ack:
        return this.#takeAck(line, frame)
      case TYPE.reject:
        return this.#takeReject(line, frame)
      case TYPE.positions:
        return this.#takePositions(line, frame)
      case TYPE.prekeysRequest:
        return this.#prekeys.give(line)
      case TYPE.prekeys:
        return this.#prekeys.take(line.device, frame.bundle)
    }
  }

  /** Finishes what is being committed; what is left waits in the store. */
  async stop(): Promise<void> {
    await Promise.all([...this.#couriers.values()].map((courier) => courier.stop()))
  }

  async #takeAck(line: Line, frame: FrameOf<3>): Promise<void> {
    const { store, clock } = this.#options
    if (ANSWERS.hasSubscribers) ANSWERS.publish({ device: line.device, envelopes: frame.envelopes })
    const outcome = await store.commits.runFirst(() => {
      const at = clock.now()
      for (const id of frame.envelopes) {
        const envelope = store.envelopes.byId(id)
        if (envelope?.device === line.device && envelope.state === 'open') store.envelopes.end(envelope.n, 'acked', at)
      }
      return this.#claims(line, frame.streams, at, false)
    })
    this.#settle(line, outcome)
    this.#courier(line.device).pump()
  }

  async #takeReject(line: Line, frame: FrameOf<4>): Promise<void> {
    const { store, clock } = this.#options
    if (frame.bundle !== undefined) this.#courier(line.device).offerBundle(frame.bundle)
    const outcome = await store.commits.run(() => {
      const at = clock.now()
      this.#endRejected(line, frame, at)
      return this.#claims(line, frame.streams, at, false)
    })
    this.#settle(line, outcome)
    this.#courier(line.device).pump()
  }

  /** Inside a transaction. */
  #endRejected(line: Line, frame: FrameOf<4>, at: number): void {
    const { store } = this.#options
    const envelope = store.envelopes.byId(frame.envelope)
    const device = store.devices.get(line.device)
    if (envelope?.device !== line.device || envelope.state !== 'open' || device === undefined) return
    store.envelopes.end(envelope.n, 'superseded', at)
    const { account } = device
    store.attempts.insert({
      account,
      device: line.device,
      envelope: frame.envelope,
      what: 'answer',
      path: line.path,
      at,
      outcome: frame.code,
    })
    if (RESEALED.has(frame.code)) {
      if (envelope.generation === device.generation && !isPlanted('reseal-without-renewal'))
        demandRenewal(store, device, frame.code, at)
      return
    }
    for (const { stream, from, to } of store.envelopes.ranges(envelope.n)) {
      store.deliveries.end(stream, account, { from, to }, 'refused', frame.code, at)
      store.events.insert({ kind: 'refused', at, stream, from, to, account, detail: frame.code })
    }
  }

  #takePositions(line: Line, frame: FrameOf<5>): Promise<void> {
    const { store, clock, locks, log } = this.#options
    const state = this.#lines.get(line)
    if (state === undefined) throw new DeliveryError('protocol-violation', 'positions on a session that is not up')
    return locks.run(line.device, async () => {
      const courier = this.#courier(line.device)
      const isCurrent = courier.line === line
      for (const { epoch } of frame.streams) state.listed.add(epoch)
      const outcome = await store.commits.run(() => {
        const applied = this.#claims(line, frame.streams, clock.now(), isCurrent)
        if (frame.last && isCurrent) {
          for (const cursor of store.cursors.ofDevice(line.device))
            if (!state.listed.has(cursor.epoch) && !isPlanted('unlisted-streams-ignored')) applySilence(store, cursor)
          this.#addCursors(line.device)
        }
        return applied
      })
      this.#settle(line, outcome)
      if (!frame.last) return
      log.debug({ device: line.device, streams: state.listed.size }, 'positions applied')
      state.isComplete = true
      courier.resume(line)
    })
  }

  /** Inside a transaction. */
  #claims(line: Line, claims: readonly Claim[], at: number, mayFall: boolean): ClaimsOutcome {
    const { store, me } = this.#options
    const account = store.devices.get(line.device)?.account
    if (account === undefined) throw new DeliveryError('unauthorised-device', 'claims of a device that is not known')
    const outcome = applyClaims(store, me, { device: line.device, account }, claims, at, mayFall)
    for (const { stream, upTo } of outcome.contradictions) {
      store.events.insert({ kind: 'rolled-back', at, stream, from: upTo, to: upTo, account })
    }
    return outcome
  }

  #settle(line: Line, { confirmations, claimed, contradictions }: ClaimsOutcome): void {
    const courier = this.#courier(line.device)
    if (courier.line === line) for (const { stream, ranges } of claimed) courier.setClaimed(stream, ranges)
    for (const { load, ...range } of confirmations) {
      this.outbox.quota.remove(range.account, load)
      this.#options.events.delivered(range)
    }
    for (const contradiction of contradictions) {
      this.#options.log.error(
        { device: line.device, ...contradiction },
        'a device holds messages of mine that this profile never made',
      )
    }
  }

  /** Inside a transaction: a cursor for each of my streams that the device is meant to get. */
  #addCursors(device: DeviceKey): void {
    const { store, me } = this.#options
    const row = store.devices.get(device)
    if (row === undefined || row.state !== 'active') return
    for (const stream of store.streams.all()) {
      if (stream.device !== me.device || stream.closed !== 0 || store.cursors.get(stream.id, device) !== undefined)
        continue
      if (row.account === me.account) {
        store.cursors.insert(stream.id, device, stream.upTo + 1)
      } else if (store.deliveries.find(stream.id, stream.upTo, row.account) !== undefined) {
        store.cursors.insert(stream.id, device, store.deliveries.lowestOpen(stream.id, row.account) ?? stream.upTo + 1)
      }
    }
  }

  #confirm(device: DeviceKey): void {
    const courier = this.#courier(device)
    courier.confirmSoon()
    courier.pump()
  }

  #courier(device: DeviceKey): Courier {
    let courier = this.#couriers.get(device)
    if (courier === undefined) {
      const deps: CourierDeps = {
        ...this.#options,
        random: this.#random,
        fresh: this.#fresh,
        fetchBundle: (key, signal) => this.#prekeys.fetch(key, signal),
      }
      courier = new Courier(device, deps)
      this.#couriers.set(device, courier)
    }
    return courier
  }

  #couriersOf(account: AccountId): Courier[] {
    let couriers = this.#byAccount.get(account)
    if (couriers === undefined) {
      couriers = this.#options.store.devices.ofAccount(account).map(({ device }) => this.#courier(device))
      this.#byAccount.set(account, couriers)
    }
    return couriers
  }
}

interface LineState {
  readonly listed: Set<string>
  /** Its last positions page was applied. */
  isComplete: boolean
}
