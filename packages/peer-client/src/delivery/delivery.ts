// The delivery protocol of one profile: frames of all sessions come in here, and everything that is owed goes out.
import type { AccountId, DeviceKey } from '@parley/shared/ids.ts'
import { DORMANT_AFTER_MS } from '@parley/shared/limits.ts'
import { RandomPool } from '@parley/shared/random-pool.ts'
import type { PrekeyBundle } from '@parley/shared/signed/prekeys.ts'
import { TYPE } from '@parley/shared/wire/frames.ts'
import type { Store } from '#store/store.ts'
import { Answers } from './answers.ts'
import { addCursors } from './audience.ts'
import { Courier, type CourierDeps } from './courier.ts'
import { FreshMessages } from './fresh-messages.ts'
import { Inbox, type InboxDeps } from './inbox.ts'
import { LamportClock } from './lamport.ts'
import { Outbox, type SendOptions } from './outbox.ts'
import type { OutboxQuota } from './outbox-quota.ts'
import { type Accepted, type Draft, OwnStreams } from './own-streams.ts'
import type { Clock, DeliveryEvents, DeliveryFrame, DeliveryLog, Line, Locks, Me, Sealing } from './ports.ts'
import { positionsPages } from './positions.ts'
import { PrekeyExchange } from './prekey-exchange.ts'
import { Upkeep } from './upkeep.ts'

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

export class Delivery {
  readonly outbox: Outbox
  readonly #options: DeliveryOptions
  readonly #inbox: Inbox
  readonly #answers: Answers
  readonly #random: (size: number) => Uint8Array
  readonly #fresh = new FreshMessages()
  readonly #couriers = new Map<DeviceKey, Courier>()
  /** Until a device becomes known. */
  readonly #byAccount = new Map<AccountId, Courier[]>()
  readonly #prekeys: PrekeyExchange
  readonly #upkeep: Upkeep
  /** Frames that are being handled. */
  #inHand = 0
  #onNoneInHand: (() => void) | undefined

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
    this.#upkeep = new Upkeep({ ...options, tidy: (now) => this.tidy(now) })
    this.#answers = new Answers({
      ...options,
      random,
      outbox: this.outbox,
      courier: (device) => this.#courier(device),
      pumpAll: () => this.#pumpAll(),
    })
  }

  /** From here on what is past its time is cleared away, now and every few hours. */
  start(): void {
    this.outbox.deadlines.start()
    this.#upkeep.start()
  }

  send(draft: Draft, options?: SendOptions): Promise<Accepted> {
    return this.outbox.send(draft, options)
  }

  /** A device became known or was revoked, or its account's conversations changed: makes sure that it gets what it is to get. */
  async serve(device: DeviceKey): Promise<void> {
    const { store, me, clock } = this.#options
    this.#byAccount.clear()
    await store.commits.run(() => {
      if (store.devices.get(device)?.state === 'revoked') store.envelopes.supersedeOpen(clock.now(), device)
      else addCursors(store, me, device)
    })
    this.#courier(device).pump()
  }

  /**
   * The session is up and is the current one to its device. It may be told again of an older session that outlived a newer one;
   * what that one's other end said of its positions still counts, as it will not say it twice.
   */
  attach(line: Line): void {
    const { store, locks, log } = this.#options
    const courier = this.#courier(line.device)
    courier.attach(line)
    const standing = this.#answers.begin(line)
    if (standing === 'new') for (const page of positionsPages(store, line.device)) line.send(page)
    if (standing !== 'complete') return
    locks
      .run(line.device, () => courier.resume(line))
      .catch((error: unknown) =>
        log.error({ err: error, device: line.device }, 'an older session could not be resumed'),
      )
  }

  detach(line: Line): void {
    const courier = this.#couriers.get(line.device)
    courier?.detach(line)
    const account = this.#options.store.devices.get(line.device)?.account
    if (courier === undefined || courier.line !== undefined || (account && this.#options.mayServe(account))) return
    // Strangers come and go without end: what they left behind is not kept for them.
    this.#couriers.delete(line.device)
    this.#byAccount.clear()
  }

  pump(account: AccountId): void {
    for (const courier of this.#couriersOf(account)) courier.pump()
  }

  /** Handles one frame of a session, current or draining. Rejects when that session must end. */
  async receive(line: Line, frame: DeliveryFrame): Promise<void> {
    this.#inHand += 1
    try {
      await this.#handle(line, frame)
    } finally {
      this.#inHand -= 1
      if (this.#inHand === 0) this.#onNoneInHand?.()
    }
  }

  async #handle(line: Line, frame: DeliveryFrame): Promise<void> {
    switch (frame.type) {
      case TYPE.envelope:
        await this.#inbox.receive(line, frame)
        this.#courier(line.device).pump()
        return
      case TYPE.ack:
        return this.#answers.takeAck(line, frame)
      case TYPE.reject:
        return this.#answers.takeReject(line, frame)
      case TYPE.positions:
        return this.#answers.takePositions(line, frame)
      case TYPE.prekeysRequest:
        return this.#prekeys.give(line)
      case TYPE.prekeys:
        return this.#prekeys.take(line.device, frame.bundle)
    }
  }

  /**
   * To be called now and then with the time that it is, in Unix milliseconds. A device without a session for 30 days is dormant: what
   * is sealed for it is dropped, and its positions are unsealed again. It wakes with its next session, and is served as ever.
   */
  async tidy(now = this.#options.clock.now()): Promise<void> {
    const { store, clock, log } = this.#options
    const dormant = await store.commits.run(() => {
      const at = clock.now()
      for (const courier of this.#couriers.values())
        if (courier.line?.isOpen === true) store.devices.setSeen(courier.device, at)
      const unseen = store.devices.unseen(now - DORMANT_AFTER_MS)
      for (const { device } of unseen) {
        store.devices.setState(device, 'dormant')
        store.envelopes.supersedeOpen(at, device)
      }
      return unseen
    })
    for (const { device, account } of dormant)
      log.info({ device, account }, 'a device was away for 30 days: nothing stays sealed for it')
  }

  /** Finishes what came in and what is being committed; what is left waits in the store. */
  async stop(): Promise<void> {
    await this.#upkeep.stop()
    // A session that is gone leaves behind what it was handing over.
    if (this.#inHand > 0) await new Promise<void>((resolve) => (this.#onNoneInHand = resolve))
    await Promise.all([...this.#couriers.values()].map((courier) => courier.stop()))
    await this.outbox.stop()
  }

  #pumpAll(): void {
    for (const { device } of this.#options.store.devices.all()) this.#courier(device).pump()
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
        deadlines: this.outbox.deadlines,
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
