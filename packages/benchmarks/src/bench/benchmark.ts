import type { Contestant } from './contestant.ts'
import type { Report } from './report.ts'
import type { Results } from './results.ts'

/** Contestants that are measured together, and what is read from their figures. */
export interface Benchmark {
  readonly name: string
  readonly summary: string
  readonly contestants: readonly Contestant<string>[]
  readonly report: (results: Results) => Report
}
