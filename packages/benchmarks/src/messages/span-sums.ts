import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { SPANS_CHANNEL, type Span } from '@parley/shared/spans.ts'
import type { Numbers } from '#bench/note.ts'
import { quantile } from '#bench/statistics.ts'

/** Collects what the peer in this process spends on each step, from `start` to `take`. */
export class SpanSums {
  readonly #samples = new Map<Span['what'], number[]>()
  readonly #note = (message: unknown): void => {
    const { what, ms } = message as Span
    const samples = this.#samples.get(what)
    if (samples === undefined) this.#samples.set(what, [ms])
    else samples.push(ms)
  }

  start(): void {
    this.#samples.clear()
    subscribe(SPANS_CHANNEL, this.#note)
  }

  /** For each step its time in all, its median and how often it was taken, as `sealMs`, `sealP50Micros` and `seals`. */
  take(): Numbers {
    unsubscribe(SPANS_CHANNEL, this.#note)
    const numbers: Record<string, number> = {}
    for (const what of ['seal', 'open', 'commit', 'answer'] as const) {
      const samples = this.#samples.get(what) ?? []
      numbers[`${what}Ms`] = samples.reduce((sum, ms) => sum + ms, 0)
      numbers[`${what}P50Micros`] = samples.length === 0 ? 0 : quantile(samples, 0.5) * 1000
      numbers[`${what}s`] = samples.length
    }
    return numbers
  }
}
