// T2 (a) and (b): which positions go into the next envelope for a device. Reads only.
//
// Nothing remembers what must be sealed again: it follows from what is there. Up to its cursor, a position of a stream is
// confirmed, or inside an open envelope, or claimed beyond a gap, or refused for good; whatever is none of these is unsealed. What was
// refused once goes out without its content, so that the chain reaches what follows; refused for good is what was refused so, too.
import { messageHash } from '@parley/shared/hashes.ts'
import type { AccountId, DeviceKey } from '@parley/shared/ids.ts'
import { BUNDLE_CLOSE_BYTES, MAX_BUNDLE_MESSAGES } from '@parley/shared/limits.ts'
import { isPlanted } from '@parley/shared/planted-faults.ts'
import type { BundleDraft, Withheld } from '@parley/shared/wire/bundle.ts'
import { decodeStoredMessage } from '@parley/shared/wire/message.ts'
import type { CursorRow } from '#store/cursors-table.ts'
import type { Range } from '#store/deliveries-table.ts'
import type { SealedRange } from '#store/envelopes-table.ts'
import type { PositionRow } from '#store/messages-table.ts'
import type { Store } from '#store/store.ts'
import type { FreshMessages } from './fresh-messages.ts'
import type { Me } from './ports.ts'
import { subtract } from './ranges.ts'

export interface Plan {
  readonly streams: BundleDraft['streams']
  readonly messages: readonly Uint8Array[]
  /** Positions that the account gets without their content. */
  readonly withheld: readonly Withheld[]
  readonly ranges: readonly SealedRange[]
  /** The last position of each stream, and the hash that stands for it and all before it. */
  readonly heads: readonly { readonly stream: number; readonly seq: number; readonly hash: Uint8Array }[]
  /** Cursors that this envelope moves. */
  readonly advances: readonly { readonly stream: number; readonly from: number; readonly to: number }[]
  /** Streams of which it carries positions that were sealed before. */
  readonly reseals: readonly number[]
}

/** Ranges beyond a gap that the device claimed on its present session, by stream. */
export type ClaimedRanges = ReadonlyMap<number, readonly { readonly from: number; readonly to: number }[]>

/** How often the stream that has waited longest goes before the most urgent one. */
const FAIR_EVERY = 4

export class Planner {
  readonly #store: Store
  readonly #me: Me
  readonly #fresh: FreshMessages

  constructor(store: Store, me: Me, fresh: FreshMessages) {
    this.#store = store
    this.#me = me
    this.#fresh = fresh
  }

  /** Undefined when nothing is to be sealed for the device. `turn` counts its bundles. */
  next(device: DeviceKey, account: AccountId, claimed: ClaimedRanges, turn: number): Plan | undefined {
    const candidates: Candidate[] = []
    for (const cursor of this.#store.cursors.unconfirmed(device)) {
      const parts = this.#unsealed(cursor, account, claimed.get(cursor.stream) ?? [])
      const [first] = parts
      if (first === undefined) continue
      candidates.push({ cursor, parts })
    }
    if (candidates.length === 0) return undefined
    return this.#fill(
      account,
      candidates.length === 1 ? candidates : this.#inTurn(candidates, turn % FAIR_EVERY === FAIR_EVERY - 1),
    )
  }

  #inTurn(candidates: readonly Candidate[], isFairTurn: boolean): Candidate[] {
    const urgencies = candidates.map((candidate) => {
      const { stream } = candidate.cursor
      const seq = candidate.parts[0]?.from ?? 0
      const [row] = this.#store.messages.range(stream, seq, seq)
      if (row === undefined) throw new Error(`position ${seq} of stream ${stream} is gone`)
      return { candidate, priority: decodeStoredMessage(row.bytes).priority, storedAt: row.storedAt }
    })
    urgencies.sort((a, b) => (isFairTurn ? 0 : a.priority - b.priority) || a.storedAt - b.storedAt)
    return urgencies.map(({ candidate }) => candidate)
  }

  /** The unsealed ranges of a stream towards a device, lowest first. */
  #unsealed(cursor: CursorRow, account: AccountId, claimed: readonly Range[]): Range[] {
    const { stream, device, sealedTo, confirmedTo, upTo } = cursor
    const from = Math.max(cursor.confirmedTo + 1, cursor.base)
    const parts: Range[] = []
    if (sealedTo >= from) {
      const taken: Range[] = [...claimed]
      for (const range of this.#store.envelopes.openRanges(device)) if (range.stream === stream) taken.push(range)
      let holes = subtract({ from, to: sealedTo }, taken)
      if (holes.length > 0 && account !== this.#me.account) {
        const refused = this.#store.deliveries
          .refused(stream, account, { from, to: sealedTo })
          .flatMap((range) => subtract(range, this.#withheld(stream, account, range)))
        holes = subtract({ from, to: sealedTo }, [...taken, ...refused])
      }
      parts.push(...holes)
    }
    // A device that was restored from a copy confirms what was never sealed for it.
    const next = Math.max(sealedTo, confirmedTo) + 1
    if (upTo >= next) parts.push({ from: next, to: upTo })
    return parts
  }

  #withheld(stream: number, account: AccountId, range: Range): Range[] {
    return [...this.#store.withheld.inRange(stream, account, range).keys()].map((seq) => ({ from: seq, to: seq }))
  }

  #fill(account: AccountId, candidates: readonly Candidate[]): Plan {
    const draft = {
      streams: [],
      messages: [],
      withheld: [],
      ranges: [],
      heads: [],
      advances: [],
      reseals: [],
    } as Mutable<Plan>
    const room = { bytes: BUNDLE_CLOSE_BYTES, messages: MAX_BUNDLE_MESSAGES }
    for (const { cursor, parts } of candidates) {
      for (const part of parts) {
        if (room.bytes <= 0 || room.messages <= 0) return draft
        const to = this.#take(cursor, account, part, room, draft)
        if (to === undefined) return draft
        draft.ranges.push({ stream: cursor.stream, from: part.from, to })
        if (!draft.streams.some(({ epoch }) => epoch === cursor.epoch)) {
          draft.streams.push(this.#announce(cursor))
        }
        if (part.from > cursor.sealedTo) draft.advances.push({ stream: cursor.stream, from: cursor.sealedTo, to })
        else if (!draft.reseals.includes(cursor.stream)) draft.reseals.push(cursor.stream)
        if (to < part.to) return draft
      }
    }
    return draft
  }

  #announce({ epoch, conversation, base, confirmedTo, follows }: CursorRow): Plan['streams'][number] {
    const closed =
      follows === null || confirmedTo >= base ? undefined : this.#store.streams.byEpoch(this.#me.device, follows)
    return {
      epoch,
      conversation,
      base: isPlanted('no-base-rule') ? 1 : base,
      ...(closed?.hash == null ? {} : { follows: { epoch: closed.epoch, seq: closed.upTo, hash: closed.hash } }),
    }
  }

  /** Puts positions from `part.from` on into the plan; the last one that fitted, or undefined when not even the first did. */
  #take(
    { stream, epoch }: CursorRow,
    account: AccountId,
    part: Range,
    room: { bytes: number; messages: number },
    draft: Mutable<Plan>,
  ): number | undefined {
    let last: PositionRow | undefined
    const withheld = this.#store.withheld.inRange(stream, account, part)
    for (const row of this.#read(stream, part.from, Math.min(part.to, part.from + room.messages - 1))) {
      // What is larger than the room that is left travels alone.
      if (row.bytes.length > room.bytes && draft.messages.length > 0) break
      const reason = withheld.get(row.seq)
      if (reason === undefined) {
        draft.messages.push(row.bytes)
      } else {
        const { prev } = decodeStoredMessage(row.bytes)
        draft.withheld.push({ epoch, seq: row.seq, hash: messageHash(row.bytes), prev, reason })
      }
      last = row
      room.messages -= 1
      room.bytes -= row.bytes.length
      if (room.bytes <= 0) break
    }
    if (last === undefined) return undefined
    draft.heads.push({ stream, seq: last.seq, hash: messageHash(last.bytes) })
    return last.seq
  }

  #read(stream: number, from: number, to: number): Iterable<PositionRow> {
    const fresh = this.#fresh.read(stream, from, to)
    return fresh.length > 0 ? fresh : this.#store.messages.eachPosition(stream, from, to)
  }
}

interface Candidate {
  readonly cursor: CursorRow
  readonly parts: readonly Range[]
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] }
