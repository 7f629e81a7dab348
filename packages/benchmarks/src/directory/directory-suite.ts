import type { Suite } from '#bench/suite.ts'
import { crowdBenchmark } from './crowd-benchmark.ts'
import { fanOutBenchmark } from './fan-out-benchmark.ts'
import { idleBenchmark } from './idle-benchmark.ts'
import { lookupBenchmark } from './lookup-benchmark.ts'
import { registrationBenchmark } from './registration-benchmark.ts'
import { searchBenchmark } from './search-benchmark.ts'
import { startUpBenchmark } from './start-up-benchmark.ts'

/** Searching is measured among ten times as many. */
const SEARCHED_PER_USER = 10

export const directorySuite: Suite = {
  name: 'directory',
  summary: 'what a directory serves, holds and takes, beside node:http, raw TCP and a bare process',
  benchmarks: ({ users }) => [
    lookupBenchmark(users),
    registrationBenchmark,
    fanOutBenchmark,
    searchBenchmark(users * SEARCHED_PER_USER),
    idleBenchmark,
    startUpBenchmark,
    crowdBenchmark(users),
  ],
}
