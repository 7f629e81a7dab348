import type { Benchmark } from '#bench/benchmark.ts'
import type { SuiteOptions } from '#bench/suite.ts'
import { crowdBenchmark } from './crowd-benchmark.ts'
import { fanOutBenchmark } from './fan-out-benchmark.ts'
import { idleBenchmark } from './idle-benchmark.ts'
import { lookupBenchmark } from './lookup-benchmark.ts'
import { registrationBenchmark } from './registration-benchmark.ts'
import { searchBenchmark } from './search-benchmark.ts'
import { startUpBenchmark } from './start-up-benchmark.ts'

/** Searching is measured among ten times as many. */
const SEARCHED_PER_USER = 10

export function directoryBenchmarks({ users }: Pick<SuiteOptions, 'users'>): readonly Benchmark[] {
  return [
    lookupBenchmark(users),
    registrationBenchmark,
    fanOutBenchmark,
    searchBenchmark(users * SEARCHED_PER_USER),
    idleBenchmark,
    startUpBenchmark,
    crowdBenchmark(users),
  ]
}
