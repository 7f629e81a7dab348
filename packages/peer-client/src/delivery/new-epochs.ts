// This profile was set back to an older copy of itself, and a device proved it. What it sent since is not known here, so no
// position may be used twice: every epoch ends where it stands, and what may be missing somewhere is issued again in a new one.
import { bodyHash, messageHash } from '@parley/shared/hashes.ts'
import { type AccountId, type DeviceKey, Epoch, randomId } from '@parley/shared/ids.ts'
import { PROOF_INTERVAL_MS } from '@parley/shared/limits.ts'
import { isPlanted } from '@parley/shared/planted-faults.ts'
import { decodeStoredMessage, type Message, messageEncoder, VOID_KIND } from '@parley/shared/wire/message.ts'
import type { Range } from '#store/deliveries-table.ts'
import { ANY_LATEST } from '#store/devices-table.ts'
import { newTag } from '#store/local-ids.ts'
import type { MessageRow } from '#store/messages-table.ts'
import type { Store } from '#store/store.ts'
import type { StreamRow } from '#store/streams-table.ts'
import { lastHash } from './own-streams.ts'
import type { Me } from './ports.ts'
import { unite } from './ranges.ts'

export interface Proof {
  readonly device: DeviceKey
  readonly account: AccountId
  /** What it opened last of mine, when its words say so. */
  readonly latest?: Parameters<Store['devices']['setVouchedLatest']>[1] | undefined
  readonly streams: readonly number[]
}

export interface NewEpochs {
  readonly provedBy: AccountId
  /** Ranges of positions that went on elsewhere. */
  readonly moved: readonly ({ readonly stream: number } & Range)[]
  /** What they have grown by, for each outbox. */
  readonly growth: ReadonlyMap<AccountId, number>
}

/**
 * Inside a transaction: closes every epoch of this profile, and lets a new ratchet begin towards every device, once. Undefined when
 * the device proved something within the last hour: nobody can make a profile begin new epochs without end.
 */
export function beginNewEpochs(
  store: Store,
  me: Me,
  random: (size: number) => Uint8Array,
  proof: Proof,
  at: number,
): NewEpochs | undefined {
  const last = store.devices.get(proof.device)?.provedAt ?? null
  if (last !== null && Math.abs(at - last) < PROOF_INTERVAL_MS) return undefined
  const moved: ({ stream: number } & Range)[] = []
  const growth = new Map<AccountId, number>()
  for (const stream of store.streams.allOpen(me.device)) {
    if (isPlanted('proof-closes-one-epoch') && !proof.streams.includes(stream.id)) continue
    const again = toIssueAgain(store, me, stream)
    store.streams.close(stream.id)
    if (again.length > 0) moved.push(...new Reissue(store, me, stream, random, growth).issue(again))
  }
  store.envelopes.supersedeOpen(at)
  for (const { device, state } of store.devices.all()) {
    if (state === 'revoked') continue
    store.devices.setMustRenew(device)
    store.devices.setVouchedLatest(device, device === proof.device ? (proof.latest ?? ANY_LATEST) : ANY_LATEST)
  }
  store.devices.setProved(proof.device, at)
  store.events.insert({ kind: 'rolled-back', at, account: proof.account, detail: proof.device })
  return { provedBy: proof.account, moved, growth }
}

/** What somebody is still to get: an account that does not have it, or an active device that does not confirm it. */
function toIssueAgain(store: Store, me: Me, { id, upTo }: StreamRow): Range[] {
  const ranges = store.deliveries.accountsOf(id).flatMap((account) => store.deliveries.open(id, account))
  for (const cursor of store.cursors.ofStream(id)) {
    const device = store.devices.get(cursor.device)
    const rest = { from: Math.max(cursor.confirmedTo + 1, cursor.base), to: upTo }
    if (device?.state !== 'active' || rest.from > rest.to) continue
    if (device.account === me.account) ranges.push(rest)
    else ranges.push(...store.deliveries.meant(id, device.account, rest))
  }
  return unite(ranges)
}

/** One stream's positions, issued again in its successor. */
class Reissue {
  readonly #store: Store
  readonly #old: StreamRow
  readonly #next: StreamRow
  readonly #growth: Map<AccountId, number>
  readonly #encode: ReturnType<typeof messageEncoder>
  /** By their old positions, in order. */
  readonly #issued: number[] = []
  #hash: Uint8Array

  constructor(
    store: Store,
    me: Me,
    old: StreamRow,
    random: (size: number) => Uint8Array,
    growth: Map<AccountId, number>,
  ) {
    const { device, conversation } = old
    const epoch = randomId(Epoch, random)
    this.#store = store
    this.#old = old
    this.#growth = growth
    this.#next = store.streams.insert({
      tag: newTag(random),
      device,
      conversation,
      epoch,
      base: 1,
      follows: old.epoch,
    })
    this.#encode = messageEncoder(conversation, epoch)
    this.#hash = lastHash(me, this.#next)
  }

  issue(ranges: readonly Range[]): ({ stream: number } & Range)[] {
    const stream = this.#old.id
    for (const { from, to } of ranges) {
      for (const row of this.#store.messages.range(stream, from, to)) {
        const message = decodeStoredMessage(row.bytes)
        if (message.kind !== VOID_KIND) this.#issue(row, message)
      }
    }
    if (this.#issued.length > 0) this.#store.streams.setAccepted(this.#next.id, this.#issued.length, this.#hash)
    for (const cursor of this.#store.cursors.ofStream(stream)) {
      if (this.#store.devices.get(cursor.device)?.state === 'revoked') continue
      const base = 1 + this.#issued.filter((seq) => seq < cursor.base).length
      this.#store.cursors.insert(this.#next.id, cursor.device, base)
    }
    return ranges.map((range) => ({ stream, ...range }))
  }

  #issue(row: MessageRow, message: Message): void {
    const { stream, seq: oldSeq, bytes: oldBytes } = row
    const { kind, body } = message
    const origin = message.origin ?? { epoch: this.#old.epoch, seq: oldSeq, bodyHash: bodyHash(kind, body) }
    this.#issued.push(oldSeq)
    const place = { stream: this.#next.id, seq: this.#issued.length }
    const content = isPlanted('no-origin') ? message : { ...message, origin }
    const bytes = this.#encode(place.seq, this.#hash, content)
    this.#hash = messageHash(bytes)
    this.#store.messages.insertAgain({ ...row, ...place, bytes })
    this.#store.reissues.insert({ stream, seq: oldSeq }, place)
    // What the user had shown no more is not shown again.
    if (this.#store.hidden.has(stream, oldSeq)) this.#store.hidden.insert(place.stream, place.seq)
    this.#store.search.changing({ stream, seq: oldSeq })
    this.#store.hidden.insert(stream, oldSeq)
    for (const { account, state } of this.#store.deliveries.ofMessage(stream, oldSeq)) {
      const isWaiting = state === 'queued' || state === 'sent'
      if (isWaiting) this.#growth.set(account, (this.#growth.get(account) ?? 0) + bytes.length - oldBytes.length)
      const reason = this.#store.withheld.inRange(stream, account, { from: oldSeq, to: oldSeq }).get(oldSeq)
      if (reason !== undefined) this.#store.withheld.insert(place.stream, account, place.seq, reason)
    }
    this.#store.deliveries.moveOn({ stream, seq: oldSeq }, place)
  }
}
