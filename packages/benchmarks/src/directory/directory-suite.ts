import type { Suite } from '#bench/suite.ts'

export const directorySuite: Suite = {
  name: 'directory',
  summary: 'what a directory serves, holds and takes, beside node:http, raw TCP and a bare process',
  benchmarks: async (options) => (await import('./directory-benchmarks.ts')).directoryBenchmarks(options),
}
