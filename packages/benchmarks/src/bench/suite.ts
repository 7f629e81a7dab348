import { BenchError } from './bench-error.ts'
import type { Benchmark } from './benchmark.ts'

export interface SuiteOptions {
  /** In the directory, where it matters how many there are. */
  readonly users: number
  /** Messages in one conversation, where it matters that they are many. */
  readonly bulk: number
  /** The same in the browser. */
  readonly page: number
  /** In one process. */
  readonly peers: number
}

/** Benchmarks that are asked for by one name, each measured and told on its own. */
export interface Suite {
  readonly name: string
  readonly summary: string
  /** What they are made of is loaded only when they are asked for. */
  readonly benchmarks: (options: SuiteOptions) => Promise<readonly Benchmark[]>
}

/** Those of the benchmarks that `only` names; all without it. Throws BenchError `usage`. */
export function chosenOf(benchmarks: readonly Benchmark[], only: readonly string[] | undefined): readonly Benchmark[] {
  if (only === undefined) return benchmarks
  const names = benchmarks.map(({ name }) => name)
  const unknown = only.find((name) => !names.includes(name))
  if (unknown !== undefined)
    throw new BenchError('usage', `--only: there is no "${unknown}"; there is ${names.join(', ')}`)
  return benchmarks.filter(({ name }) => only.includes(name))
}
