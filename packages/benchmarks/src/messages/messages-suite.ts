import type { Suite } from '#bench/suite.ts'
import { backlogBenchmark } from './backlog-benchmark.ts'
import { bulkBenchmark } from './bulk-benchmark.ts'
import { crowdBenchmark } from './crowd-benchmark.ts'
import { flowBenchmark } from './flow-benchmark.ts'
import { stepsBenchmark } from './steps-benchmark.ts'

export const messagesSuite: Suite = {
  name: 'messages',
  summary: 'durable end-to-end encrypted messages beside raw TCP, TLS and one fsynced commit',
  benchmarks: async ({ bulk, peers }) => [
    flowBenchmark,
    stepsBenchmark,
    bulkBenchmark(bulk),
    backlogBenchmark,
    crowdBenchmark(peers),
  ],
}
