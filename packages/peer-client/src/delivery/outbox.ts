// T1: `send` resolves once the message is fsynced. Everything sent in a turn of the event loop shares a transaction; a lone
// message for a device that is ready is sealed first, so that accepting and sealing share one.

import { messageIdsOf, streamRoot } from '@parley/shared/hashes.ts'
import { type AccountId, EnvelopeId, type LocalMessageId, newLocalMessageId, randomId } from '@parley/shared/ids.ts'
import { MAX_TEXT_BYTES } from '@parley/shared/limits.ts'
import { encodeBundle } from '@parley/shared/wire/bundle.ts'
import type { CursorRow } from '#store/cursors-table.ts'
import type { MessageRow } from '#store/messages-table.ts'
import type { Store } from '#store/store.ts'
import type { StreamRow } from '#store/streams-table.ts'
import type { Courier } from './courier.ts'
import { DeliveryError, StalePlanError } from './delivery-error.ts'
import type { LamportClock } from './lamport.ts'
import { OutboxQuota } from './outbox-quota.ts'
import { type Accepted, type Draft, encodePosition, type OwnStreams } from './own-streams.ts'
import type { Clock, DeliveryEvents, Locks, Me, Sealing } from './ports.ts'
import { reviseMessage } from './revise.ts'
import { commitSealed } from './seal-commit.ts'

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
  readonly couriersOf: (account: AccountId) => Courier[]
  readonly pump: (account: AccountId) => void
}

interface Waiting {
  readonly draft: Draft
  readonly localId: LocalMessageId
  readonly at: number
  /** Written in the same transaction; for an idempotency key. */
  readonly also: ((localId: LocalMessageId) => void) | undefined
  readonly resolve: (accepted: Accepted) => void
  readonly reject: (error: unknown) => void
}

export class Outbox {
  readonly quota: OutboxQuota
  readonly #deps: OutboxDeps
  #waiting: Waiting[] = []
  /** A lone message is between its seal and its commit: what comes later waits behind it, so positions keep the order of sending. */
  #lone: Promise<unknown> | undefined

  constructor(deps: OutboxDeps, quota = new OutboxQuota()) {
    this.#deps = deps
    this.quota = quota
    this.#recount()
  }

  /** Resolves when the message is durable. Messages sent one after the other keep that order. Throws `too-large`. */
  async send(draft: Draft, also?: (localId: LocalMessageId) => void): Promise<Accepted> {
    if (draft.body.length > MAX_TEXT_BYTES) {
      throw new DeliveryError(
        'too-large',
        `a message holds at most ${MAX_TEXT_BYTES} bytes, this one has ${draft.body.length}`,
      )
    }
    for (const account of draft.recipients) this.quota.reserve(account)
    try {
      const accepted = await this.#accept(draft, also)
      for (const account of draft.recipients) this.quota.addBytes(account, accepted.bytes)
      return accepted
    } catch (error) {
      for (const account of draft.recipients) this.quota.remove(account, { messages: 1, bytes: 0 })
      throw error
    }
  }

  /** Takes the message back, as long as it is sealed for nobody. */
  cancel(localId: LocalMessageId): Promise<'cancelled' | 'already-sent'> {
    return this.#revise(localId, undefined)
  }

  /** New text in place, as long as it is sealed for nobody. */
  edit(localId: LocalMessageId, body: Uint8Array): Promise<'edited' | 'already-sent'> {
    return this.#revise(localId, body)
  }

  async #revise<T extends 'cancelled' | 'edited'>(
    localId: LocalMessageId,
    body: Uint8Array | undefined,
  ): Promise<T | 'already-sent'>
  async #revise(
    localId: LocalMessageId,
    body: Uint8Array | undefined,
  ): Promise<'cancelled' | 'edited' | 'already-sent'> {
    const { store, clock, events } = this.#deps
    const outcome = await store.commits.run(() => {
      const { row, stream } = this.#mine(localId)
      return reviseMessage(store, stream, row, body, clock.now())
    })
    if (outcome === 'already-sent') return outcome
    for (const { account, load } of outcome.relieved) this.quota.remove(account, load)
    if (body !== undefined) return 'edited'
    const { stream, seq } = this.#mine(localId).row
    for (const { account } of outcome.relieved) events.ended({ stream, seq, account })
    return 'cancelled'
  }

  #mine(localId: LocalMessageId): { row: MessageRow; stream: StreamRow } {
    const { store, me } = this.#deps
    const row = store.messages.byLocalId(localId)
    const stream = row && store.streams.byId(row.stream)
    if (row === undefined || stream?.device !== me.device) {
      throw new DeliveryError('unknown-message', `I sent no message ${localId}`)
    }
    return { row, stream }
  }

  async #accept(draft: Draft, also: Waiting['also']): Promise<Accepted> {
    const at = this.#deps.clock.now()
    const localId = newLocalMessageId(at, this.#deps.random)
    const courier = this.#loneCourier(draft)
    if (courier !== undefined) {
      const lone = this.#sendLone(courier, draft, localId, also)
      this.#lone = lone
      const accepted = await lone.finally(() => {
        this.#lone = undefined
        this.#commitWaiting()
      })
      // My own other devices are served from the frozen bytes.
      this.#deps.pump(this.#deps.me.account)
      if (accepted !== undefined) return accepted
    }
    const { promise, resolve, reject } = Promise.withResolvers<Accepted>()
    const waiting = { draft, localId, at, also, resolve, reject }
    // A lone message that found its way blocked still goes before those that waited behind it.
    if (courier === undefined) this.#waiting.push(waiting)
    else this.#waiting.unshift(waiting)
    if (this.#lone === undefined && this.#waiting.length === 1) this.#commitWaiting()
    return promise
  }

  #commitWaiting(): void {
    if (this.#waiting.length === 0) return
    let batch: Waiting[] | undefined
    const { store, ownStreams } = this.#deps
    store.commits
      .run(() => {
        batch ??= this.#waiting.splice(0)
        const accepted = ownStreams.acceptAll(batch)
        for (const { also, localId } of batch) also?.(localId)
        return accepted
      })
      .then(
        (accepted) => {
          const accounts = new Set([this.#deps.me.account])
          for (const [index, one] of accepted.entries()) {
            const waiting = batch?.[index]
            waiting?.resolve(one)
            for (const account of waiting?.draft.recipients ?? []) accounts.add(account)
          }
          for (const account of accounts) this.#deps.pump(account)
        },
        (error: unknown) => {
          for (const { reject } of batch ?? this.#waiting.splice(0)) reject(error)
        },
      )
  }

  /** The courier that could take this message at once, if nothing at all stands before it. */
  #loneCourier(draft: Draft): Courier | undefined {
    const [account, ...others] = draft.recipients
    if (account === undefined || others.length > 0 || this.#lone !== undefined || this.#waiting.length > 0)
      return undefined
    const [courier, ...more] = this.#deps.couriersOf(account)
    return courier !== undefined && more.length === 0 && courier.isIdle() ? courier : undefined
  }

  /** Undefined when something came in between: the message is then accepted like any other. */
  #sendLone(
    courier: Courier,
    draft: Draft,
    localId: LocalMessageId,
    also: Waiting['also'],
  ): Promise<Accepted | undefined> {
    const { store, me, locks, sealing, lamport, clock, random } = this.#deps
    return locks.run(courier.device, async () => {
      const line = courier.readyLine
      const stream = store.streams.open(me.device, draft.conversation)
      const cursor = stream && store.cursors.get(stream.id, courier.device)
      const [account] = draft.recipients
      if (line === undefined || stream === undefined || cursor === undefined || account === undefined) return undefined
      if (!isCaughtUp(cursor)) return undefined
      const at = clock.now()
      const { epoch, conversation } = cursor
      const seq = cursor.upTo + 1
      const value = lamport.value + 1
      const prev = cursor.hash ?? streamRoot(me.device, conversation, epoch)
      const { bytes, hash } = encodePosition({ conversation, epoch, seq }, prev, draft, value, at)
      const streams = [{ epoch, conversation, base: cursor.base }]
      // A seal that fails is the courier's to name and to try again; the message itself is accepted either way.
      const sealed = await sealing
        .seal(courier.device, encodeBundle({ streams, messages: [bytes], control: [] }))
        .catch(() => undefined)
      if (sealed === undefined) return undefined
      const id = randomId(EnvelopeId, random)
      const plan = {
        streams,
        messages: [bytes],
        ranges: [{ stream: cursor.stream, from: seq, to: seq }],
        heads: [{ stream: cursor.stream, seq, hash }],
        advances: [{ stream: cursor.stream, from: seq - 1, to: seq }],
        reseals: [],
      }
      const committed = store.commits.run(() => {
        const now = store.cursors.get(cursor.stream, courier.device)
        if (now === undefined || now.upTo !== seq - 1 || !isCaughtUp(now))
          throw new StalePlanError('another message came first')
        this.#deps.ownStreams.insert({
          stream,
          seq,
          messageId: messageIdsOf(me.device, epoch)(seq),
          draft,
          localId,
          lamport: value,
          at,
          bytes,
          hash,
        })
        store.deliveries.insert(cursor.stream, seq, account, 'sent', null, at)
        store.streams.setAccepted(cursor.stream, seq)
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
        also?.(localId)
      })
      store.commits.flush()
      try {
        await committed
      } catch (error) {
        if (error instanceof StalePlanError) return undefined
        throw error
      }
      courier.write(id, sealed.bytes, plan)
      return { localId, stream: cursor.stream, seq, bytes: bytes.length, lamport: value, at, state: 'sent' as const }
    })
  }

  /** What was waiting when the process started. */
  #recount(): void {
    const { store, me } = this.#deps
    for (const stream of store.streams.all()) {
      if (stream.device !== me.device) continue
      const accounts = new Set(store.deliveries.ofMessage(stream.id, stream.upTo).map(({ account }) => account))
      for (const account of accounts) {
        const from = store.deliveries.lowestOpen(stream.id, account)
        if (from !== undefined)
          this.quota.addLoad(account, store.deliveries.waiting(stream.id, account, from, stream.upTo))
      }
    }
  }
}

/** Everything accepted is frozen and sealed for the device, so the next position may follow at once. */
function isCaughtUp(cursor: CursorRow): boolean {
  return cursor.frozenTo === cursor.upTo && cursor.sealedTo === cursor.upTo
}
