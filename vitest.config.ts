import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { NATIVELY } from './scripts/running/natively.ts'
import WaitingFirst from './scripts/waiting-first.ts'

export default defineConfig({
  test: {
    ...NATIVELY,
    include: ['packages/*/test/**/*.test.ts', 'scripts/test/**/*.test.ts'],
    setupFiles: ['scripts/costed-suites.ts'],
    sequence: { sequencer: WaitingFirst },
    testTimeout: 180_000,
    hookTimeout: 180_000,
    maxWorkers: availableParallelism(),
  },
})
