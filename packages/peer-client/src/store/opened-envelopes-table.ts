import type { DeviceKey, EnvelopeId } from '@parley/shared/ids.ts'
import type { RejectCode } from '@parley/shared/wire/frames.ts'
import type { Statement } from 'better-sqlite3'
import type { Database } from './database.ts'

/** Ids of the envelopes that were opened, so that the same envelope again gets the same answer without being opened again. */
export class OpenedEnvelopesTable {
  readonly #insert: Statement<[DeviceKey, EnvelopeId, number, RejectCode | null]>
  readonly #find: Statement<[DeviceKey, EnvelopeId], { refusal: RejectCode | null }>
  readonly #prune: Statement<[number]>

  constructor(database: Database) {
    this.#insert = database.prepare('INSERT INTO opened_envelopes (device, id, at, refusal) VALUES (?, ?, ?, ?)')
    this.#find = database.prepare('SELECT refusal FROM opened_envelopes WHERE device = ? AND id = ?')
    this.#prune = database.prepare('DELETE FROM opened_envelopes WHERE at < ?')
  }

  insert(device: DeviceKey, id: EnvelopeId, at: number, refusal: RejectCode | null): void {
    this.#insert.run(device, id, at, refusal)
  }

  /** How it was answered, or undefined when it is new. */
  find(device: DeviceKey, id: EnvelopeId): { refusal: RejectCode | null } | undefined {
    return this.#find.get(device, id)
  }

  prune(before: number): void {
    this.#prune.run(before)
  }
}
