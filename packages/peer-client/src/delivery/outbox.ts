// T1: `send` resolves once the message is fsynced. Everything sent in a turn of the event loop shares a transaction; a lone
// message for a device that is ready is sealed first, so that accepting and sealing share one.

import { messageHash } from '@parley/shared/hashes.ts'
import type { AccountId, LocalMessageId } from '@parley/shared/ids.ts'
import { MAX_CONTENT_BYTES } from '@parley/shared/limits.ts'
import { encodeBundle } from '@parley/shared/wire/bundle.ts'
import { messageEncoder } from '@parley/shared/wire/message.ts'
import { isCaughtUp } from '#store/cursors-table.ts'
import { localIdOf } from '#store/local-ids.ts'
import type { MessageRow } from '#store/messages-table.ts'
import type { Store } from '#store/store.ts'
import type { StreamRow } from '#store/streams-table.ts'
import type { Courier } from './courier.ts'
import { Deadlines } from './deadlines.ts'
import { DeliveryError, StalePlanError } from './delivery-error.ts'
import type { FreshMessages } from './fresh-messages.ts'
import type { LamportClock } from './lamport.ts'
import { OutboxQuota, recount } from './outbox-quota.ts'
import { type Accepted, contentOf, type Draft, lastHash, type OwnStreams } from './own-streams.ts'
import type { Clock, DeliveryEvents, DeliveryLog, Locks, Me, Sealing } from './ports.ts'
import { editMessage, endMessage, ownMessage, type Revised } from './revise.ts'
import { commitSealed, newEnvelopeId } from './seal-commit.ts'

export interface OutboxDeps {
  readonly store: Store
  readonly me: Me
  readonly ownStreams: OwnStreams
  readonly lamport: LamportClock
  readonly sealing: Sealing
  readonly locks: Locks
  readonly clock: Clock
  readonly random: (size: number) => Uint8Array
  readonly events: DeliveryEvents
  readonly fresh: FreshMessages
  readonly log: DeliveryLog
  readonly couriersOf: (account: AccountId) => Courier[]
  readonly pump: (account: AccountId) => void
}

export interface SendOptions {
  /** Written in the same transaction: an idempotency key, or what an edit changes. */
  readonly also?: ((accepted: Placed) => void) | undefined
  /** The room for it was taken by `quota.take`. */
  readonly hasRoom?: boolean
}

/** Where a message went. */
export type Placed = Pick<Accepted, 'localId' | 'stream' | 'seq' | 'lamport'>

interface Waiting {
  readonly draft: Draft
  readonly at: number
  readonly also: SendOptions['also']
  readonly resolve: (accepted: Accepted) => void
  readonly reject: (error: unknown) => void
}

export class Outbox {
  readonly quota: OutboxQuota
  readonly deadlines: Deadlines
  readonly #deps: OutboxDeps
  #waiting: Waiting[] = []
  /** A lone message is between its seal and its commit: what comes later waits behind it, so positions keep the order of sending. */
  #hasLone = false
  #isStopped = false
  /** What is on its way to the disk: the lone message, and the last batch. */
  #loneDone: Promise<void> = Promise.resolve()
  #batchDone: Promise<void> = Promise.resolve()

  constructor(deps: OutboxDeps, quota = new OutboxQuota()) {
    this.#deps = deps
    this.quota = quota
    this.deadlines = new Deadlines({ ...deps, onExpired: (expired) => this.#ended(expired) })
    recount(deps.store, deps.me, quota)
  }

  /** Resolves when the message is durable. Messages sent one after the other keep that order. Rejects with `too-large` or `stopped`. */
  send(draft: Draft, { also, hasRoom = false }: SendOptions = {}): Promise<Accepted> {
    if (!hasRoom) for (const account of draft.recipients) this.quota.addLoad(account, ONE)
    const { promise, resolve, reject } = Promise.withResolvers<Accepted>()
    const waiting = { draft, at: this.#deps.clock.now(), also, resolve, reject }
    if (this.#isStopped) {
      this.#refuse(waiting, new DeliveryError('stopped', 'the peer is stopping: nothing more is accepted'))
      return promise
    }
    if (draft.body.length > MAX_CONTENT_BYTES) {
      this.#refuse(waiting, tooLarge(draft.body))
      return promise
    }
    const courier = this.#loneCourier(draft)
    if (courier === undefined) {
      this.#waiting.push(waiting)
      if (!this.#hasLone && this.#waiting.length === 1) this.#commitWaiting()
    } else {
      this.#hasLone = true
      this.#loneDone = this.#takeLone(courier, waiting).catch((error: unknown) => this.#refuse(waiting, error))
    }
    return promise
  }

  /** Takes the message back, as long as it is sealed for no device of its recipients. */
  async cancel(localId: LocalMessageId): Promise<'cancelled' | 'already-sent'> {
    const outcome = await this.#revise(localId, ({ stream, row, at }) =>
      endMessage(this.#deps.store, stream, row, 'cancelled', at),
    )
    if (outcome === 'already-sent') return outcome
    this.#ended([outcome])
    return 'cancelled'
  }

  /** New text in place, as long as it is sealed for nobody. Rejects with `too-large`. */
  async edit(localId: LocalMessageId, body: Uint8Array): Promise<'edited' | 'already-sent'> {
    if (body.length > MAX_CONTENT_BYTES) throw tooLarge(body)
    const outcome = await this.#revise(localId, ({ stream, row, at }) =>
      editMessage(this.#deps.store, stream, row, body, at),
    )
    if (outcome === 'already-sent') return outcome
    this.#revised(outcome)
    return 'edited'
  }

  /** Waiting messages went on elsewhere, and have grown by so many bytes. */
  grow(growth: ReadonlyMap<AccountId, number>): void {
    for (const [account, bytes] of growth) this.quota.addLoad(account, { messages: 0, bytes })
  }

  /** Resolves when what was accepted is on the disk and what is being ended is ended; nothing is accepted afterwards. */
  async stop(): Promise<void> {
    this.#isStopped = true
    // Those that waited behind a lone message make a batch when it is done.
    await this.#loneDone
    await this.#batchDone
    await this.deadlines.stop()
  }

  #revise<T>(
    localId: LocalMessageId,
    change: (of: { row: MessageRow; stream: StreamRow; at: number }) => T,
  ): Promise<T> {
    const { store, me, clock } = this.#deps
    return store.commits.run(() => change({ ...ownMessage(store, me, localId), at: clock.now() }))
  }

  #ended(messages: readonly Revised[]): void {
    for (const message of messages) {
      this.#revised(message)
      const { stream, seq, relieved } = message
      for (const { account } of relieved) this.#deps.events.ended({ stream, seq, account })
    }
  }

  #revised({ stream, relieved }: Revised): void {
    this.#deps.fresh.forget(stream)
    for (const { account, load } of relieved) this.quota.remove(account, load)
  }

  #commitWaiting(): void {
    if (this.#waiting.length === 0) return
    let batch: Waiting[] | undefined
    const { store, ownStreams } = this.#deps
    this.#batchDone = store.commits
      .run(() => {
        batch ??= this.#waiting.splice(0)
        const accepted = ownStreams.acceptAll(batch)
        for (const [index, { also }] of batch.entries()) {
          const one = accepted[index]
          if (one !== undefined) also?.(one)
        }
        return accepted
      })
      .then(
        (accepted) => this.#confirm(batch ?? [], accepted),
        (error: unknown) => {
          for (const waiting of batch ?? this.#waiting.splice(0)) this.#refuse(waiting, error)
        },
      )
  }

  #confirm(batch: readonly Waiting[], accepted: readonly Accepted[]): void {
    const accounts = new Set([this.#deps.me.account])
    for (const [index, waiting] of batch.entries()) {
      const one = accepted[index]
      if (one === undefined) continue
      for (const account of waiting.draft.recipients) accounts.add(account)
      this.#deps.fresh.add(one.stream, one.seq, one.bytes)
      if (waiting.draft.deadline !== undefined) this.deadlines.add(waiting.draft.deadline)
      this.#resolve(waiting, one)
    }
    for (const account of accounts) this.#deps.pump(account)
  }

  #refuse({ draft, reject }: Waiting, error: unknown): void {
    for (const account of draft.recipients) this.quota.remove(account, ONE)
    reject(error)
  }

  /** The courier that could take this message at once, if nothing at all stands before it. */
  #loneCourier(draft: Draft): Courier | undefined {
    if (this.#hasLone || this.#waiting.length > 0 || draft.recipients.length !== 1) return undefined
    if (draft.deadline !== undefined) return undefined
    const [account] = draft.recipients
    const couriers = account === undefined ? [] : this.#deps.couriersOf(account)
    const [courier] = couriers
    return couriers.length === 1 && courier?.isIdle() === true ? courier : undefined
  }

  async #takeLone(courier: Courier, waiting: Waiting): Promise<void> {
    const { me, pump } = this.#deps
    try {
      const accepted = await this.#sendLone(courier, waiting)
      // One that found its way blocked still goes before those that waited behind it.
      if (accepted === undefined) this.#waiting.unshift(waiting)
      else this.#resolve(waiting, accepted)
    } finally {
      this.#hasLone = false
      this.#commitWaiting()
    }
    // My own other devices are served from the frozen bytes.
    pump(me.account)
  }

  #resolve({ draft, resolve }: Waiting, accepted: Accepted): void {
    for (const account of draft.recipients) this.quota.addLoad(account, { messages: 0, bytes: accepted.bytes.length })
    resolve(accepted)
  }

  /** Undefined when something came in between: the message is then accepted like any other. */
  #sendLone(courier: Courier, { draft, at, also }: Waiting): Promise<Accepted | undefined> {
    const { store, me, locks, sealing, lamport, random } = this.#deps
    return locks.run(courier.device, async () => {
      const line = courier.readyLine
      const stream = store.streams.open(me.device, draft.conversation)
      const cursor = stream && store.cursors.get(stream.id, courier.device)
      const [account] = draft.recipients
      if (line === undefined || stream === undefined || cursor === undefined || account === undefined) return undefined
      if (!isCaughtUp(cursor)) return undefined
      const { epoch, conversation } = stream
      const seq = stream.upTo + 1
      const value = lamport.value + 1
      const bytes = messageEncoder(conversation, epoch)(seq, lastHash(me, stream), contentOf(draft, value, at))
      const hash = messageHash(bytes)
      const streams = [{ epoch, conversation, base: cursor.base }]
      // A seal that fails is the courier's to name and to try again; the message itself is accepted either way.
      const sealed = await sealing
        .seal(courier.device, encodeBundle({ streams, messages: [bytes], control: [] }))
        .catch(() => undefined)
      if (sealed === undefined) return undefined
      const id = newEnvelopeId(store, me, random)
      const localId = localIdOf(stream.tag, seq)
      const range = { from: seq, to: seq }
      const plan = {
        streams,
        messages: [bytes],
        withheld: [],
        ranges: [{ stream: stream.id, ...range }],
        heads: [{ stream: stream.id, seq, hash }],
        advances: [{ stream: stream.id, from: seq - 1, to: seq }],
        reseals: [],
      }
      const committed = store.commits.run(() => {
        const now = store.cursors.get(stream.id, courier.device)
        if (now === undefined || now.upTo !== seq - 1 || !isCaughtUp(now))
          throw new StalePlanError('another message came first')
        store.messages.insert({ stream: stream.id, seq, lamport: value, storedAt: at, bytes })
        store.deliveries.append(stream.id, account, range, null, at)
        store.streams.setAccepted(stream.id, seq, hash)
        store.events.insert({ kind: 'queued', at, stream: stream.id, ...range })
        lamport.raiseTo(value)
        commitSealed(store, me, {
          ...sealed,
          plan,
          device: courier.device,
          account,
          id,
          isRenewed: false,
          path: line.path,
          at,
        })
        also?.({ localId, stream: stream.id, seq, lamport: value })
      })
      store.commits.flush()
      try {
        await committed
      } catch (error) {
        if (error instanceof StalePlanError) return undefined
        throw error
      }
      courier.write(id, sealed.bytes, plan)
      return { localId, stream: stream.id, seq, bytes, lamport: value, at, state: 'sent' as const }
    })
  }
}

function tooLarge({ length }: Uint8Array): DeliveryError {
  return new DeliveryError('too-large', `a message holds at most ${MAX_CONTENT_BYTES} bytes, this one has ${length}`)
}

const ONE = { messages: 1, bytes: 0 }
