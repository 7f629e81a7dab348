import type { DeviceKey, EnvelopeId } from '@parley/shared/ids.ts'
import { isPlanted } from '@parley/shared/planted-faults.ts'
import type { Statement } from 'better-sqlite3'
import type { Database } from './database.ts'

export interface SealedRange {
  readonly stream: number
  readonly from: number
  readonly to: number
}

export interface EnvelopeRow {
  readonly n: number
  readonly id: EnvelopeId
  readonly device: DeviceKey
  readonly sealing: 'signal' | 'sender-key'
  readonly generation: number
  readonly state: 'open' | 'acked' | 'superseded'
  readonly size: number
  /** What it was first written to. */
  readonly path: string
  readonly sealedAt: number
  readonly endedAt: number | null
}

export interface NewEnvelope {
  readonly id: EnvelopeId
  readonly device: DeviceKey
  readonly generation: number
  readonly bytes: Uint8Array
  readonly path: string
  readonly ranges: readonly SealedRange[]
  readonly sealedAt: number
}

/** Of each final state: a device that was away for long still names the last one that it opened. */
const KEPT_PER_DEVICE = 16

const COLUMNS = 'n, id, device, sealing, generation, state, size, path, sealed_at AS sealedAt, ended_at AS endedAt'

/** My sealed bundles, each for one device, and the ciphertexts of those that are still open. */
export class EnvelopesTable {
  readonly #insertCiphertext: Statement<[Uint8Array]>
  readonly #insert: Statement<[EnvelopeId, DeviceKey, number | bigint, number, number, string, number]>
  readonly #insertRange: Statement<[number, number | bigint, number, number]>
  readonly #byId: Statement<[EnvelopeId], EnvelopeRow>
  readonly #open: Statement<[DeviceKey], EnvelopeRow>
  readonly #openWithBytes: Statement<[DeviceKey], EnvelopeRow & { bytes: Uint8Array }>
  readonly #window: Statement<[DeviceKey], { envelopes: number; bytes: number | null }>
  readonly #windowWithEnded: Statement<[DeviceKey], { envelopes: number; bytes: number | null }>
  readonly #ranges: Statement<[number], SealedRange>
  readonly #openRanges: Statement<[DeviceKey], SealedRange>
  readonly #containing: Statement<[number, number, number, number], EnvelopeRow>
  readonly #end: Statement<['acked' | 'superseded', number, number]>
  readonly #deleteCiphertext: Statement<[number]>
  readonly #prune: Statement<[number]>
  readonly #count: Statement<[], { n: number }>
  readonly #openOnes: Statement<[], { n: number }>

  constructor(database: Database) {
    this.#insertCiphertext = database.prepare('INSERT INTO ciphertexts (bytes) VALUES (?)')
    this.#insert = database.prepare(
      `INSERT INTO envelopes (id, device, ciphertext, sealing, generation, state, size, path, sealed_at) VALUES (?, ?, ?, 'signal', ?, 'open', ?, ?, ?)`,
    )
    this.#insertRange = database.prepare(
      'INSERT INTO envelope_ranges (stream, envelope, from_seq, to_seq) VALUES (?, ?, ?, ?)',
    )
    this.#byId = database.prepare(`SELECT ${COLUMNS} FROM envelopes WHERE id = ?`)
    this.#open = database.prepare(`SELECT ${COLUMNS} FROM envelopes WHERE device = ? AND state = 'open' ORDER BY n`)
    this.#openWithBytes = database.prepare(
      `SELECT ${COLUMNS}, (SELECT bytes FROM ciphertexts c WHERE c.id = ciphertext) AS bytes FROM envelopes WHERE device = ? AND state = 'open' ORDER BY n`,
    )
    this.#window = database.prepare(
      `SELECT count(*) AS envelopes, sum(size) AS bytes FROM envelopes WHERE device = ? AND state = 'open'`,
    )
    this.#windowWithEnded = database.prepare(
      `SELECT count(*) AS envelopes, sum(size) AS bytes FROM envelopes WHERE device = ? AND state <> 'acked'`,
    )
    this.#ranges = database.prepare(
      'SELECT stream, from_seq AS "from", to_seq AS "to" FROM envelope_ranges WHERE envelope = ? ORDER BY stream, from_seq',
    )
    this.#openRanges = database.prepare(
      `SELECT stream, from_seq AS "from", to_seq AS "to" FROM envelopes JOIN envelope_ranges ON envelope = n
       WHERE device = ? AND state = 'open'`,
    )
    this.#containing = database.prepare(
      `SELECT DISTINCT ${COLUMNS} FROM envelope_ranges r JOIN envelopes e ON e.n = r.envelope
       WHERE r.stream = ? AND r.from_seq BETWEEN ? AND ? AND r.to_seq >= ? ORDER BY n`,
    )
    this.#end = database.prepare(
      `UPDATE envelopes SET state = ?, ended_at = ?, ciphertext = NULL WHERE n = ? AND state = 'open'`,
    )
    this.#deleteCiphertext = database.prepare(
      'DELETE FROM ciphertexts WHERE id = (SELECT ciphertext FROM envelopes WHERE n = ?)',
    )
    this.#count = database.prepare('SELECT count(*) AS n FROM envelopes')
    this.#openOnes = database.prepare(`SELECT n FROM envelopes WHERE state = 'open'`)
    this.#prune = database.prepare(
      `DELETE FROM envelopes WHERE n IN (SELECT n FROM (
         SELECT n, state, ended_at, row_number() OVER (PARTITION BY device, state ORDER BY n DESC) AS recency FROM envelopes)
       WHERE state <> 'open' AND ended_at < ? AND recency > ${KEPT_PER_DEVICE})`,
    )
  }

  insert(envelope: NewEnvelope): void {
    const ciphertext = this.#insertCiphertext.run(envelope.bytes).lastInsertRowid
    const { id, device, generation, bytes, path, sealedAt } = envelope
    const n = this.#insert.run(id, device, ciphertext, generation, bytes.length, path, sealedAt).lastInsertRowid
    for (const range of envelope.ranges) this.#insertRange.run(range.stream, n, range.from, range.to)
  }

  /** How many were sealed, of those that are kept. */
  count(): number {
    return this.#count.get()?.n ?? 0
  }

  byId(id: EnvelopeId): EnvelopeRow | undefined {
    return this.#byId.get(id)
  }

  /** Oldest first. */
  open(device: DeviceKey): EnvelopeRow[] {
    return this.#open.all(device)
  }

  /** Oldest first, with their ciphertexts: at most a window full. */
  openWithBytes(device: DeviceKey): (EnvelopeRow & { bytes: Uint8Array })[] {
    return this.#openWithBytes.all(device)
  }

  window(device: DeviceKey): { envelopes: number; bytes: number } {
    const row = (isPlanted('superseded-fill-window') ? this.#windowWithEnded : this.#window).get(device)
    return { envelopes: row?.envelopes ?? 0, bytes: row?.bytes ?? 0 }
  }

  ranges(n: number): SealedRange[] {
    return this.#ranges.all(n)
  }

  /** What is under way to the device. */
  openRanges(device: DeviceKey): SealedRange[] {
    return this.#openRanges.all(device)
  }

  /** Every envelope that a position went into, oldest first. `reach` is the most positions that one envelope holds. */
  containing(stream: number, seq: number, reach: number): EnvelopeRow[] {
    return this.#containing.all(stream, seq - reach, seq, seq)
  }

  /** Final; drops the ciphertext. Does nothing to one that has ended. */
  end(n: number, state: 'acked' | 'superseded', at: number): void {
    this.#deleteCiphertext.run(n)
    this.#end.run(state, at, n)
  }

  /** Every open envelope to the device, or to all devices, ends without an answer. */
  supersedeOpen(at: number, device?: DeviceKey): void {
    const open = device === undefined ? this.#openOnes.all() : this.open(device)
    for (const { n } of open) this.end(n, 'superseded', at)
  }

  /** Forgets those that ended before `before`, but for the last few of each device. */
  prune(before: number): void {
    this.#prune.run(before)
  }
}
