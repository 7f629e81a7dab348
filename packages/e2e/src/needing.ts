import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { test } from 'vitest'

/** `test` for one that needs a program of the system: without it the test is skipped with a reason, and fails under CI. */
export function needing(program: string, what: string): typeof test.skip {
  const isThere = isAbsolute(program)
    ? existsSync(program)
    : spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0
  if (isThere || process.env['CI'] !== undefined) return test
  console.warn(`${program} is not installed, so this is not tested: ${what}`)
  return test.skip
}
