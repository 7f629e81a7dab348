import { MAX_LAMPORT_JUMP } from '@parley/shared/limits.ts'
import type { MetaTable } from '#store/meta-table.ts'

const KEY = 'lamport'

/** The device's Lamport clock (Lamport 1978), kept in the database; all methods run inside a transaction. */
export class LamportClock {
  readonly #meta: MetaTable

  constructor(meta: MetaTable) {
    this.#meta = meta
  }

  get value(): number {
    return Number(this.#meta.get(KEY) ?? 0)
  }

  /** Never falls. */
  raiseTo(value: number): void {
    if (value > this.value) this.#meta.set(KEY, String(value))
  }

  /** A value of others; one that is absurdly far ahead is not followed, or a single liar could exhaust the clock of all. */
  witness(value: number): void {
    if (value <= this.value + MAX_LAMPORT_JUMP) this.raiseTo(value)
  }
}
