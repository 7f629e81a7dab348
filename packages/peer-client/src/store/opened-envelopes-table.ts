import type { DeviceKey, EnvelopeId } from '@parley/shared/ids.ts'
import { MAX_ENVELOPE_IDS_PER_DEVICE } from '@parley/shared/limits.ts'
import type { RejectCode } from '@parley/shared/wire/frames.ts'
import type { Statement } from 'better-sqlite3'
import type { Database } from './database.ts'

/** Envelopes of one device after which it is looked whether it has too many. */
const COUNT_EVERY = 65_536

/**
 * Ids of the envelopes that were opened, so that the same envelope again gets the same answer without being opened again. Of each
 * device the newest MAX_ENVELOPE_IDS_PER_DEVICE stay; an older envelope that comes again is known by its positions.
 */
export class OpenedEnvelopesTable {
  readonly #insert: Statement<[DeviceKey, EnvelopeId, number, RejectCode | null]>
  readonly #find: Statement<[DeviceKey, EnvelopeId], { refusal: RejectCode | null }>
  readonly #prune: Statement<[number]>
  readonly #count: Statement<[DeviceKey], { n: number }>
  readonly #keepNewest: Statement<[DeviceKey, DeviceKey, number]>
  readonly #max: number
  readonly #countEvery: number
  readonly #sinceCounted = new Map<DeviceKey, number>()

  constructor(database: Database, max = MAX_ENVELOPE_IDS_PER_DEVICE, countEvery = COUNT_EVERY) {
    this.#max = max
    this.#countEvery = countEvery
    this.#insert = database.prepare('INSERT INTO opened_envelopes (device, id, at, refusal) VALUES (?, ?, ?, ?)')
    this.#find = database.prepare('SELECT refusal FROM opened_envelopes WHERE device = ? AND id = ?')
    this.#prune = database.prepare('DELETE FROM opened_envelopes WHERE at < ?')
    this.#count = database.prepare('SELECT count(*) AS n FROM opened_envelopes WHERE device = ?')
    this.#keepNewest = database.prepare(
      `DELETE FROM opened_envelopes WHERE device = ? AND id IN
       (SELECT id FROM opened_envelopes WHERE device = ? ORDER BY at DESC, id LIMIT -1 OFFSET ?)`,
    )
  }

  insert(device: DeviceKey, id: EnvelopeId, at: number, refusal: RejectCode | null): void {
    this.#insert.run(device, id, at, refusal)
    const since = (this.#sinceCounted.get(device) ?? 0) + 1
    this.#sinceCounted.set(device, since % this.#countEvery)
    if (since === this.#countEvery && (this.#count.get(device)?.n ?? 0) > this.#max)
      this.#keepNewest.run(device, device, this.#max)
  }

  /** How it was answered, or undefined when it is new. */
  find(device: DeviceKey, id: EnvelopeId): { refusal: RejectCode | null } | undefined {
    return this.#find.get(device, id)
  }

  prune(before: number): void {
    this.#prune.run(before)
  }
}
