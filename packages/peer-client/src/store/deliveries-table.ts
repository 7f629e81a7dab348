import type { AccountId, DeviceKey } from '@parley/shared/ids.ts'
import { MAX_SEQ } from '@parley/shared/limits.ts'
import type { Statement } from 'better-sqlite3'
import type { Database } from './database.ts'

export type DeliveryState = 'queued' | 'sent' | 'delivered' | 'read' | 'cancelled' | 'expired' | 'refused'
export type Hold = 'blocked-key-change' | 'awaiting-acceptance' | 'no-device-known'

export interface DeliveryRow {
  readonly account: AccountId
  readonly device: DeviceKey | null
  readonly state: DeliveryState
  readonly hold: Hold | null
  readonly reason: string | null
  /** When the state began; while it is `queued`, the message itself tells when it was accepted. */
  readonly at: number
}

interface RangeRow extends DeliveryRow {
  readonly from: number
  readonly to: number
}

export interface Range {
  readonly from: number
  readonly to: number
}

/** How much waits: messages, and the bytes of their encoded form. */
export interface Load {
  readonly messages: number
  readonly bytes: number
}

const OPEN: readonly DeliveryState[] = ['queued', 'sent']
const IS_MEANT: Readonly<Record<DeliveryState, boolean>> = {
  queued: true,
  sent: true,
  delivered: true,
  read: true,
  cancelled: false,
  expired: false,
  refused: false,
}
const WHAT_STANDS = ['state', 'hold', 'device', 'reason', 'at'] as const
const IS_OPEN = `state IN ('queued', 'sent')`
/** The range that `from` lies in begins at or before it; every other one begins inside. Parameters as `overlapOf` gives them. */
const OVERLAPS = `stream = ? AND account = ? AND from_seq BETWEEN
  coalesce((SELECT max(from_seq) FROM deliveries WHERE stream = ? AND account = ? AND from_seq <= ?), ?) AND ? AND to_seq >= ?`
const COLUMNS = 'account, device, state, hold, reason, at, from_seq AS "from", to_seq AS "to"'

/**
 * The state of each message towards each recipient account, kept as ranges of positions that share one, so that a bundle costs
 * the same as a message. States only rise; a hold is something else.
 */
export class DeliveriesTable {
  readonly #insert: Statement<unknown[]>
  readonly #setTo: Statement<[number, number, AccountId, number]>
  readonly #delete: Statement<[number, AccountId, number]>
  readonly #last: Statement<[number, AccountId], RangeRow>
  readonly #overlapping: Statement<Overlap, RangeRow>
  readonly #hold: Statement<[Hold | null, AccountId]>
  readonly #at: Statement<[number, AccountId, number], RangeRow>
  readonly #nextAccount: Statement<[number, string], { account: AccountId }>
  readonly #lowestOpen: Statement<[number, AccountId], { seq: number }>
  readonly #waiting: Statement<[number, number, ...Overlap], { messages: number; bytes: number | null }>

  constructor(database: Database) {
    this.#insert = database.prepare(
      `INSERT INTO deliveries (stream, account, from_seq, to_seq, device, state, hold, reason, at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    this.#setTo = database.prepare('UPDATE deliveries SET to_seq = ? WHERE stream = ? AND account = ? AND from_seq = ?')
    this.#delete = database.prepare('DELETE FROM deliveries WHERE stream = ? AND account = ? AND from_seq = ?')
    this.#last = database.prepare(
      `SELECT ${COLUMNS} FROM deliveries WHERE stream = ? AND account = ? ORDER BY from_seq DESC LIMIT 1`,
    )
    this.#overlapping = database.prepare(`SELECT ${COLUMNS} FROM deliveries WHERE ${OVERLAPS} ORDER BY from_seq`)
    this.#hold = database.prepare(`UPDATE deliveries SET hold = ? WHERE account = ? AND state = 'queued'`)
    this.#at = database.prepare(
      `SELECT ${COLUMNS} FROM deliveries WHERE stream = ? AND account = ? AND from_seq <= ? ORDER BY from_seq DESC LIMIT 1`,
    )
    this.#nextAccount = database.prepare(
      'SELECT account FROM deliveries WHERE stream = ? AND account > ? ORDER BY account LIMIT 1',
    )
    this.#lowestOpen = database.prepare(
      `SELECT from_seq AS seq FROM deliveries INDEXED BY deliveries_open WHERE stream = ? AND account = ? AND ${IS_OPEN} ORDER BY from_seq LIMIT 1`,
    )
    this.#waiting = database.prepare(
      `SELECT count(*) AS messages, sum(length(m.bytes)) AS bytes FROM deliveries d JOIN messages m
       ON m.position BETWEEN ((d.stream << 32) | max(d.from_seq, ?)) AND ((d.stream << 32) | min(d.to_seq, ?))
       WHERE ${OVERLAPS} AND d.${IS_OPEN}`,
    )
  }

  /** New positions behind all that the account is owed of the stream. */
  append(stream: number, account: AccountId, { from, to }: Range, hold: Hold | null, at: number): void {
    const last = this.#last.get(stream, account)
    if (last?.state === 'queued' && last.hold === hold && last.to === from - 1) {
      this.#setTo.run(to, stream, account, last.from)
    } else {
      this.#put(stream, { account, from, to, state: 'queued', hold, device: null, reason: null, at })
    }
  }

  setSent(stream: number, account: AccountId, { from, to }: Range, at: number): void {
    const sent = { state: 'sent', hold: null, device: null, reason: null, at } as const
    this.#move(stream, account, { from, to }, ['queued'], sent)
  }

  setDelivered(stream: number, account: AccountId, range: Range, device: DeviceKey, at: number): void {
    this.#move(stream, account, range, OPEN, { state: 'delivered', hold: null, device, reason: null, at })
  }

  /** Only what is delivered can have been read. */
  setRead(stream: number, account: AccountId, range: Range, at: number): void {
    for (const row of this.#overlaps(stream, account, range)) {
      if (row.state !== 'delivered') continue
      const part = { from: Math.max(row.from, range.from), to: Math.min(row.to, range.to) }
      this.#move(stream, account, part, ['delivered'], { ...row, state: 'read', at })
    }
  }

  /** Nothing happens to positions that had ended or arrived before. */
  end(
    stream: number,
    account: AccountId,
    range: Range,
    state: 'cancelled' | 'expired' | 'refused',
    reason: string | null,
    at: number,
  ): void {
    this.#move(stream, account, range, OPEN, { state, hold: null, device: null, reason, at })
  }

  setHold(account: AccountId, hold: Hold | null): void {
    this.#hold.run(hold, account)
  }

  find(stream: number, seq: number, account: AccountId): DeliveryRow | undefined {
    const row = this.#at.get(stream, account, seq)
    return row !== undefined && row.to >= seq ? row : undefined
  }

  ofMessage(stream: number, seq: number): DeliveryRow[] {
    return this.accountsOf(stream).flatMap((account) => this.find(stream, seq, account) ?? [])
  }

  /** Everybody whom any position of the stream is owed to. */
  accountsOf(stream: number): AccountId[] {
    const accounts: AccountId[] = []
    for (let next = this.#nextAccount.get(stream, ''); next !== undefined; ) {
      accounts.push(next.account)
      next = this.#nextAccount.get(stream, next.account)
    }
    return accounts
  }

  /** The first position that the account neither has nor will be spared. */
  lowestOpen(stream: number, account: AccountId): number | undefined {
    return this.#lowestOpen.get(stream, account)?.seq
  }

  refused(stream: number, account: AccountId, range: Range): Range[] {
    return this.#parts(stream, account, range, (state) => state === 'refused')
  }

  /** What the account is to have, or has, of the range: all that did not end without it. */
  meant(stream: number, account: AccountId, range: Range): Range[] {
    return this.#parts(stream, account, range, (state) => IS_MEANT[state])
  }

  /** What the account neither has nor will be spared. */
  open(stream: number, account: AccountId): Range[] {
    const from = this.lowestOpen(stream, account)
    return from === undefined ? [] : this.openIn(stream, account, { from, to: MAX_SEQ })
  }

  openIn(stream: number, account: AccountId, range: Range): Range[] {
    return this.#parts(stream, account, range, (state) => OPEN.includes(state))
  }

  /** The message went on at another place, behind all that its accounts are owed there: what stands of it stays the same. */
  moveOn(from: { stream: number; seq: number }, to: { stream: number; seq: number }): void {
    for (const row of this.ofMessage(from.stream, from.seq)) {
      this.#takeOut(from.stream, row.account, from.seq)
      const last = this.#last.get(to.stream, row.account)
      const isSame = last !== undefined && last.to === to.seq - 1 && WHAT_STANDS.every((key) => last[key] === row[key])
      if (isSame) this.#setTo.run(to.seq, to.stream, row.account, last.from)
      else this.#put(to.stream, { ...row, from: to.seq, to: to.seq })
    }
  }

  #takeOut(stream: number, account: AccountId, seq: number): void {
    for (const row of this.#overlaps(stream, account, { from: seq, to: seq })) {
      if (row.from < seq) this.#setTo.run(seq - 1, stream, account, row.from)
      else this.#delete.run(stream, account, row.from)
      if (row.to > seq) this.#put(stream, { ...row, from: seq + 1 })
    }
  }

  /** What counts for the outbox limit among these positions. */
  waiting(stream: number, account: AccountId, range: Range): Load {
    const row = this.#waiting.get(range.from, range.to, ...overlapOf(stream, account, range))
    return { messages: row?.messages ?? 0, bytes: row?.bytes ?? 0 }
  }

  /** What of the range is in one of the states `before` goes over to `after`; ranges are divided where that begins and ends. */
  #move(
    stream: number,
    account: AccountId,
    range: Range,
    before: readonly DeliveryState[],
    after: Omit<DeliveryRow, 'account'>,
  ): void {
    for (const row of this.#overlaps(stream, account, range)) {
      if (!before.includes(row.state)) continue
      const from = Math.max(row.from, range.from)
      const to = Math.min(row.to, range.to)
      if (row.from < from) this.#setTo.run(from - 1, stream, account, row.from)
      else this.#delete.run(stream, account, row.from)
      if (row.to > to) this.#put(stream, { ...row, from: to + 1 })
      this.#put(stream, { ...after, account, from, to })
    }
  }

  #overlaps(stream: number, account: AccountId, range: Range): RangeRow[] {
    return this.#overlapping.all(...overlapOf(stream, account, range))
  }

  /** What of the range is in one of these states. */
  #parts(stream: number, account: AccountId, range: Range, isWanted: (state: DeliveryState) => boolean): Range[] {
    return this.#overlaps(stream, account, range)
      .filter(({ state }) => isWanted(state))
      .map(({ from, to }) => ({ from: Math.max(from, range.from), to: Math.min(to, range.to) }))
  }

  #put(stream: number, { account, from, to, device, state, hold, reason, at }: RangeRow): void {
    this.#insert.run(stream, account, from, to, device, state, hold, reason, at)
  }
}

type Overlap = [number, AccountId, number, AccountId, number, number, number, number]

function overlapOf(stream: number, account: AccountId, { from, to }: Range): Overlap {
  return [stream, account, stream, account, from, from, to, from]
}
