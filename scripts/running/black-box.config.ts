import { defineConfig } from 'vitest/config'
import { NATIVELY } from './natively.ts'
import { SUITE } from './run-tests-flags.ts'

/** For `pnpm run-tests`, whose files are no part of `pnpm test`. */
export default defineConfig({
  test: {
    ...NATIVELY,
    root: SUITE,
    include: ['*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 1,
  },
})
