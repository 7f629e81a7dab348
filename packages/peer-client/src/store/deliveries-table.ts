import type { AccountId, DeviceKey } from '@parley/shared/ids.ts'
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
  readonly at: number
}

/** The state of a message towards each recipient account. States only rise; a hold is something else. */
export class DeliveriesTable {
  readonly #insert: Statement<[number, number, AccountId, DeliveryState, Hold | null, number]>
  readonly #sent: Statement<[number, number, AccountId, number, number]>
  readonly #delivered: Statement<[DeviceKey, number, number, AccountId, number, number]>
  readonly #ended: Statement<[DeliveryState, string | null, number, number, number, AccountId]>
  readonly #hold: Statement<[Hold | null, AccountId]>
  readonly #ofMessage: Statement<[number, number], DeliveryRow>
  readonly #lowestOpen: Statement<[number, AccountId], { seq: number }>
  readonly #refused: Statement<[number, AccountId, number, number], { seq: number }>
  readonly #waiting: Statement<[number, AccountId, number, number], { messages: number; bytes: number | null }>

  constructor(database: Database) {
    this.#insert = database.prepare(
      'INSERT INTO deliveries (stream, seq, account, state, hold, at) VALUES (?, ?, ?, ?, ?, ?)',
    )
    this.#sent = database.prepare(
      `UPDATE deliveries SET state = 'sent', hold = NULL, at = ? WHERE stream = ? AND account = ? AND seq BETWEEN ? AND ? AND state = 'queued'`,
    )
    this.#delivered = database.prepare(
      `UPDATE deliveries SET state = 'delivered', hold = NULL, device = ?, at = ?
       WHERE stream = ? AND account = ? AND seq BETWEEN ? AND ? AND state IN ('queued', 'sent')`,
    )
    this.#ended = database.prepare(
      `UPDATE deliveries SET state = ?, reason = ?, hold = NULL, at = ?
       WHERE stream = ? AND seq = ? AND account = ? AND state IN ('queued', 'sent')`,
    )
    this.#hold = database.prepare(`UPDATE deliveries SET hold = ? WHERE account = ? AND state = 'queued'`)
    this.#ofMessage = database.prepare(
      'SELECT account, device, state, hold, reason, at FROM deliveries WHERE stream = ? AND seq = ? ORDER BY account',
    )
    this.#lowestOpen = database.prepare(
      `SELECT seq FROM deliveries WHERE stream = ? AND account = ? AND state IN ('queued', 'sent') ORDER BY seq LIMIT 1`,
    )
    this.#refused = database.prepare(
      `SELECT seq FROM deliveries WHERE stream = ? AND account = ? AND seq BETWEEN ? AND ? AND state = 'refused' ORDER BY seq`,
    )
    this.#waiting = database.prepare(
      `SELECT count(*) AS messages, sum(length(m.bytes)) AS bytes FROM deliveries d JOIN messages m USING (stream, seq)
       WHERE d.stream = ? AND d.account = ? AND d.seq BETWEEN ? AND ? AND d.state IN ('queued', 'sent')`,
    )
  }

  insert(
    stream: number,
    seq: number,
    account: AccountId,
    state: 'queued' | 'sent',
    hold: Hold | null,
    at: number,
  ): void {
    this.#insert.run(stream, seq, account, state, hold, at)
  }

  setSent(stream: number, account: AccountId, from: number, to: number, at: number): void {
    this.#sent.run(at, stream, account, from, to)
  }

  /** How many became delivered by this. */
  setDelivered(stream: number, account: AccountId, from: number, to: number, device: DeviceKey, at: number): number {
    return this.#delivered.run(device, at, stream, account, from, to).changes
  }

  /** False when the message had ended or arrived before. */
  end(
    stream: number,
    seq: number,
    account: AccountId,
    state: 'cancelled' | 'expired' | 'refused',
    reason: string | null,
    at: number,
  ): boolean {
    return this.#ended.run(state, reason, at, stream, seq, account).changes === 1
  }

  setHold(account: AccountId, hold: Hold | null): void {
    this.#hold.run(hold, account)
  }

  ofMessage(stream: number, seq: number): DeliveryRow[] {
    return this.#ofMessage.all(stream, seq)
  }

  /** The first position that the account neither has nor will be spared. */
  lowestOpen(stream: number, account: AccountId): number | undefined {
    return this.#lowestOpen.get(stream, account)?.seq
  }

  refused(stream: number, account: AccountId, from: number, to: number): number[] {
    return this.#refused.all(stream, account, from, to).map(({ seq }) => seq)
  }

  /** What counts for the outbox limit among these positions. */
  waiting(stream: number, account: AccountId, from: number, to: number): Load {
    const row = this.#waiting.get(stream, account, from, to)
    return { messages: row?.messages ?? 0, bytes: row?.bytes ?? 0 }
  }
}

/** How much waits: messages, and the bytes of their encoded form. */
export interface Load {
  readonly messages: number
  readonly bytes: number
}
