import { writeFileSync } from 'node:fs'
import type { Reporter, TestModule } from 'vitest/node'

/** Names the file to which the counts of a run are written, as JSON. */
export const COUNTS_ENV = 'PARLEY_TEST_COUNTS'

export interface Counts {
  readonly passed: number
  /** With each error that belongs to no test: of a file that could not be loaded or prepared, or that nobody caught. */
  readonly failed: number
  readonly skipped: number
}

export default class CountingReporter implements Reporter {
  onTestRunEnd(suites: readonly TestModule[], unhandled: readonly unknown[]): void {
    const path = process.env[COUNTS_ENV]
    if (path === undefined) return
    const tests = suites.flatMap((suite) => [...suite.children.allTests()])
    const inState = (state: string) => tests.filter((test) => test.result().state === state).length
    const failed = inState('failed') + suites.flatMap(errorsWithoutTest).length + unhandled.length
    const passed = inState('passed')
    const counts: Counts = { passed, failed, skipped: tests.length - passed - inState('failed') }
    writeFileSync(path, JSON.stringify(counts))
  }
}

function errorsWithoutTest(suite: TestModule): readonly unknown[] {
  return [...suite.errors(), ...[...suite.children.allSuites()].flatMap((part) => part.errors())]
}
