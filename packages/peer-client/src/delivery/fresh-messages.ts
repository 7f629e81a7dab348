import { MAX_FRESH_BYTES } from '@parley/shared/limits.ts'
import type { PositionRow } from '#store/messages-table.ts'

/**
 * The bytes of positions that were committed a moment ago and not sealed yet, so that they need not be read back. What is not here
 * is in the store, and the store decides: a seal is compared with it before it commits.
 */
export class FreshMessages {
  readonly #runs = new Map<number, PositionRow[]>()
  #bytes = 0

  /** Positions of a stream that follow on each other; those that leave a gap, or are too many, are left to the store. */
  add(stream: number, seq: number, bytes: Uint8Array): void {
    if (this.#bytes + bytes.length > MAX_FRESH_BYTES) return
    const run = this.#runs.get(stream)
    const last = run?.at(-1)
    if (run === undefined) this.#runs.set(stream, [{ seq, bytes }])
    else if (last?.seq === seq - 1) run.push({ seq, bytes })
    else return
    this.#bytes += bytes.length
  }

  /** What there is of `from … to`, beginning with `from`. */
  read(stream: number, from: number, to: number): readonly PositionRow[] {
    const run = this.#runs.get(stream)
    const index = from - (run?.[0]?.seq ?? from)
    return run === undefined || index < 0 ? [] : run.slice(index, index + to - from + 1)
  }

  /** Up to `seq` they are sealed. */
  forget(stream: number, seq = Number.POSITIVE_INFINITY): void {
    const run = this.#runs.get(stream)
    const [first] = run ?? []
    if (run === undefined || first === undefined) return
    const gone = run.splice(0, Math.max(0, seq - first.seq + 1))
    for (const { bytes } of gone) this.#bytes -= bytes.length
    if (run.length === 0) this.#runs.delete(stream)
  }
}
