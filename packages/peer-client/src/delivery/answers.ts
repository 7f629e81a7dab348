// What the other side says of my streams and envelopes: acknowledgements, rejections, and positions after each hello.
import { channel } from 'node:diagnostics_channel'
import type { AccountId, DeviceKey, EnvelopeId } from '@parley/shared/ids.ts'
import { isPlanted } from '@parley/shared/planted-faults.ts'
import type { Claim, FrameOf, RejectCode } from '@parley/shared/wire/frames.ts'
import { ANY_LATEST } from '#store/devices-table.ts'
import type { Store } from '#store/store.ts'
import { addCursors, followRestored } from './audience.ts'
import { applyClaims, applySilence, type ClaimsOutcome, type Confirmation } from './claims.ts'
import type { Courier } from './courier.ts'
import { DeliveryError } from './delivery-error.ts'
import { beginNewEpochs, type NewEpochs } from './new-epochs.ts'
import type { Outbox } from './outbox.ts'
import { confirmEnvelope } from './planted.ts'
import type { Clock, DeliveryEvents, DeliveryLog, Line, Locks, Me } from './ports.ts'
import { demandRenewal } from './renewal.ts'

export interface AnswersDeps {
  readonly store: Store
  readonly me: Me
  readonly locks: Locks
  readonly clock: Clock
  readonly random: (size: number) => Uint8Array
  readonly events: DeliveryEvents
  readonly log: DeliveryLog
  readonly outbox: Outbox
  readonly courier: (device: DeviceKey) => Courier
  /** After new epochs: everything is to be looked at again. */
  readonly pumpAll: () => void
}

/** What follows from each code: the same again in a new envelope, the same again later, or never again. */
const AFTER_REJECT: Record<RejectCode, 'seal-again' | 'wait' | 'refused'> = {
  undecryptable: 'seal-again',
  duplicate: 'seal-again',
  'unknown-prekey': 'seal-again',
  // The other user has to decide first, and tells nobody when.
  'key-change': 'wait',
  blocked: 'refused',
  malformed: 'refused',
  'wrong-conversation': 'refused',
  unsupported: 'refused',
}

/** For measurements: an acknowledgement came in, and nothing was done with it yet. */
const ANSWERS = channel('parley:answer')

interface LineState {
  /** Streams of mine that its positions listed. */
  readonly listed: Set<string>
  /** Its last positions page was applied. */
  isComplete: boolean
}

interface Rejected {
  readonly account: AccountId
  readonly isRenewed: boolean
  /** What the account will not take, and what that takes off its outbox. */
  readonly refused: readonly Confirmation[]
}

interface Outcome extends ClaimsOutcome {
  readonly newEpochs: NewEpochs | undefined
}

export class Answers {
  readonly #deps: AnswersDeps
  readonly #lines = new WeakMap<Line, LineState>()

  constructor(deps: AnswersDeps) {
    this.#deps = deps
  }

  /** A session is up; undefined when it was so before, else whether its other end has said all of its positions. */
  begin(line: Line): 'new' | 'listing' | 'complete' {
    const known = this.#lines.get(line)
    if (known !== undefined) return known.isComplete ? 'complete' : 'listing'
    this.#lines.set(line, { listed: new Set(), isComplete: false })
    return 'new'
  }

  async takeAck(line: Line, frame: FrameOf<3>): Promise<void> {
    const { store, clock, courier } = this.#deps
    if (ANSWERS.hasSubscribers) ANSWERS.publish({ device: line.device, envelopes: frame.envelopes })
    const outcome = await store.commits.runFirst(() => {
      const at = clock.now()
      const planted: Confirmation[] = []
      for (const id of frame.envelopes) {
        const envelope = store.envelopes.byId(id)
        if (envelope?.device !== line.device || envelope.state !== 'open') continue
        store.envelopes.end(envelope.n, 'acked', at)
        if (isPlanted('confirm-by-envelope-id')) planted.push(...confirmEnvelope(store, envelope, at))
      }
      const outcome = this.#claims(line, frame.streams, at)
      return { ...outcome, confirmations: [...planted, ...outcome.confirmations] }
    })
    this.#settle(line, outcome)
    courier(line.device).pump()
  }

  async takeReject(line: Line, frame: FrameOf<4>): Promise<void> {
    const { store, clock, courier, events, outbox } = this.#deps
    if (frame.bundle !== undefined) courier(line.device).offerBundle(frame.bundle)
    const { outcome, ended } = await store.commits.run(() => {
      const at = clock.now()
      return { ended: this.#endRejected(line, frame, at), outcome: this.#claims(line, frame.streams, at) }
    })
    this.#settle(line, outcome)
    for (const { account, load, stream, from, to } of ended?.refused ?? []) {
      outbox.quota.remove(account, load)
      for (let seq = from; seq <= to; seq += 1) events.ended({ stream, seq, account })
    }
    if (ended?.isRenewed === true) events.noted({ kind: 'ratchet-renewed', account: ended.account })
    if (ended !== undefined && AFTER_REJECT[frame.code] === 'wait')
      courier(line.device).pause(`it answers ${frame.code}`)
    courier(line.device).pump()
  }

  takePositions(line: Line, frame: FrameOf<5>): Promise<void> {
    const { store, clock, locks, log, me, courier } = this.#deps
    const state = this.#lines.get(line)
    if (state === undefined) throw new DeliveryError('protocol-violation', 'positions on a session that is not up')
    return locks.run(line.device, async () => {
      const isCurrent = courier(line.device).line === line
      const outcome = await store.commits.run(() => {
        const at = clock.now()
        const device = store.devices.get(line.device)
        if (device?.state === 'dormant') store.devices.setState(line.device, 'active')
        for (const claim of frame.streams) {
          const stream = store.streams.byEpoch(me.device, claim.epoch)
          if (stream === undefined || stream.closed !== 0) continue
          state.listed.add(claim.epoch)
          followRestored(store, me, stream, line.device, claim)
        }
        const applied = this.#claims(line, frame.streams, at, isCurrent, frame)
        if (frame.last && isCurrent) {
          for (const cursor of store.cursors.ofDevice(line.device))
            if (!state.listed.has(cursor.epoch) && !isPlanted('unlisted-streams-ignored')) applySilence(store, cursor)
          addCursors(store, me, line.device)
          store.devices.setSeen(line.device, at)
        }
        return applied
      })
      this.#settle(line, outcome)
      if (!frame.last) return
      log.debug({ device: line.device, streams: state.listed.size }, 'positions applied')
      state.isComplete = true
      await courier(line.device).resume(line)
    })
  }

  /** Inside a transaction. Undefined when it acts on nothing: a reject ends only what is open. */
  #endRejected(line: Line, frame: FrameOf<4>, at: number): Rejected | undefined {
    const { store } = this.#deps
    const envelope = store.envelopes.byId(frame.envelope)
    const device = store.devices.get(line.device)
    if (envelope?.device !== line.device || envelope.state !== 'open' || device === undefined) return undefined
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
    let isRenewed = false
    const refused: Confirmation[] = []
    if (AFTER_REJECT[frame.code] === 'refused') {
      for (const { stream, from, to } of store.envelopes.ranges(envelope.n)) {
        for (const again of store.deliveries.refused(stream, account, { from, to }))
          store.withheld.remove(stream, account, again)
        for (const part of store.deliveries.openIn(stream, account, { from, to })) {
          const load = store.deliveries.waiting(stream, account, part)
          refused.push({ stream, ...part, account, load })
          for (let seq = part.from; seq <= part.to; seq += 1) store.withheld.insert(stream, account, seq, 'cancelled')
          store.deliveries.end(stream, account, part, 'refused', frame.code, at)
          store.events.insert({ kind: 'refused', at, stream, ...part, account, detail: frame.code })
        }
      }
    } else if (AFTER_REJECT[frame.code] === 'seal-again' && envelope.generation === device.generation) {
      if (!isPlanted('reseal-without-renewal')) isRenewed = demandRenewal(store, device, frame.code, at)
    }
    return { account, isRenewed, refused }
  }

  /** Inside a transaction. `positions`: the frame that the claims came in, when it was one. */
  #claims(line: Line, claims: readonly Claim[], at: number, mayFall = false, positions?: FrameOf<5>): Outcome {
    const { store, me, random } = this.#deps
    const { device } = line
    const account = store.devices.get(device)?.account
    if (account === undefined) throw new DeliveryError('unauthorised-device', 'claims of a device that is not known')
    const outcome = applyClaims(store, me, { device, account }, claims, at, mayFall)
    const latest = positions?.last === true ? positions.latest : undefined
    const isProof = outcome.contradicted.length > 0 || (latest !== undefined && this.#isNotMine(device, latest))
    if (!isProof) return { ...outcome, newEpochs: undefined }
    const proof = { device, account, latest, streams: outcome.contradicted }
    return { ...outcome, newEpochs: beginNewEpochs(store, me, random, proof, at) }
  }

  /** Inside a transaction. Whether the device opened an envelope that this profile never sealed, as far as it knows. */
  #isNotMine(device: DeviceKey, latest: EnvelopeId): boolean {
    const { store } = this.#deps
    const vouched = store.devices.get(device)?.vouchedLatest
    if (vouched === latest) return false
    const isMine = store.envelopes.byId(latest)?.device === device
    if (isMine || vouched === ANY_LATEST) store.devices.setVouchedLatest(device, latest)
    return !isMine && vouched !== ANY_LATEST
  }

  #settle(line: Line, { confirmations, claimed, contradicted, newEpochs }: Outcome): void {
    const { courier, outbox, events, log, pumpAll } = this.#deps
    const { device } = line
    if (courier(device).line === line)
      for (const { stream, ranges } of claimed) courier(device).setClaimed(stream, ranges)
    for (const { load, ...range } of confirmations) {
      outbox.quota.remove(range.account, load)
      events.delivered(range)
    }
    if (newEpochs !== undefined) {
      const fields = { device, moved: newEpochs.moved.length }
      log.error(fields, 'this profile was set back to an older copy of itself; it goes on in new epochs')
      outbox.grow(newEpochs.growth)
      for (const range of newEpochs.moved) events.moved(range)
      events.noted({ kind: 'rolled-back', account: newEpochs.provedBy })
      pumpAll()
    } else if (contradicted.length > 0) {
      log.warn({ device, streams: contradicted }, 'a device proves once more that this profile was set back: not yet')
    }
  }
}
