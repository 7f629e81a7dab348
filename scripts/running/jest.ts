import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { COSTS_ENV, describeCosts } from './costs.ts'
import { QUIET, ROOT, run } from './process-group.ts'

interface JestResults {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
  numRuntimeErrorTestSuites: number
}

/** Tests start the programs some hundred times; this way each is compiled once. */
const COMPILED = join(ROOT, 'node_modules/.cache/compiled')
/** glibc then takes memory in huge pages, where the system has some to give: page by page it costs an eighth of the time. */
const HUGE_PAGES = 'glibc.malloc.hugetlb=1'

/** Runs jest in a process of its own. Its last line is `N passed, N failed[, N skipped]`; true when all is well. */
export async function runJest(
  args: readonly string[],
  limitMs: number,
  env: Readonly<Record<string, string>> = {},
): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'parley-test-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const results = join(folder, 'results.json')
  const costs = join(folder, 'costs.jsonl')
  const jest = [process.execPath, '--experimental-vm-modules', QUIET, 'node_modules/jest/bin/jest.js']
  const command = [...jest, '--json', `--outputFile=${results}`, ...args]
  const surroundings = { NODE_COMPILE_CACHE: COMPILED, GLIBC_TUNABLES: HUGE_PAGES, [COSTS_ENV]: costs, ...env }
  const { ok, why } = await run(command, { limitMs, stdio: 'inherit', env: surroundings })
  const counts = readResults(results)
  if (!ok) console.log(`tests: ${why}`)
  if (counts === undefined) return false
  for (const line of describeCosts(costs)) console.log(line)
  const skipped = counts.numPendingTests + counts.numTodoTests
  // A file that cannot even be loaded has no tests to fail, and is a failure all the same.
  const failed = counts.numFailedTests + counts.numRuntimeErrorTestSuites
  console.log(`${counts.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
  return ok && failed === 0 && counts.numPassedTests > 0
}

/** Undefined when jest did not get as far as writing them. */
function readResults(path: string): JestResults | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as JestResults
  } catch {
    return undefined
  }
}
