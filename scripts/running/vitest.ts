import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { COSTS_ENV, describeCosts } from './costs.ts'
import { QUIET, ROOT, run } from './process-group.ts'

/** What vitest's JSON reporter writes, as far as it is read here. */
interface Results {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
  testResults: { status: string; assertionResults: { status: string }[] }[]
}

/** Tests start the programs some hundred times; this way each is compiled once. */
const COMPILED = join(ROOT, 'node_modules/.cache/compiled')
/** glibc then takes memory in huge pages, where the system has some to give: page by page it costs an eighth of the time. */
const HUGE_PAGES = 'glibc.malloc.hugetlb=1'

interface Options {
  readonly env?: Readonly<Record<string, string>>
  readonly reporter?: 'default' | 'verbose'
}

/** Runs vitest in a process of its own. Its last line is `N passed, N failed[, N skipped]`; true when all is well. */
export async function runVitest(
  args: readonly string[],
  limitMs: number,
  { env = {}, reporter = 'default' }: Options = {},
): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'parley-test-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const results = join(folder, 'results.json')
  const costs = join(folder, 'costs.jsonl')
  const reporters = [`--reporter=${reporter}`, '--reporter=json', `--outputFile.json=${results}`]
  const command = [process.execPath, QUIET, 'node_modules/vitest/vitest.mjs', 'run', ...reporters, ...args]
  const surroundings = { NODE_COMPILE_CACHE: COMPILED, GLIBC_TUNABLES: HUGE_PAGES, [COSTS_ENV]: costs, ...env }
  const { ok, why } = await run(command, { limitMs, stdio: 'inherit', env: surroundings })
  const counts = readResults(results)
  if (!ok) console.log(`tests: ${why}`)
  if (counts === undefined) return false
  for (const line of describeCosts(costs)) console.log(line)
  const { numPassedTests: passed } = counts
  const failed = counts.numFailedTests + failedWithoutTest(counts)
  const skipped = counts.numPendingTests + counts.numTodoTests
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
  return ok && failed === 0 && passed > 0
}

/** Files that could not be loaded, prepared or put away: they have no failed test, and are a failure all the same. */
function failedWithoutTest({ testResults }: Results): number {
  const hasFailedTest = (tests: readonly { status: string }[]) => tests.some(({ status }) => status === 'failed')
  return testResults.filter(({ status, assertionResults }) => status === 'failed' && !hasFailedTest(assertionResults))
    .length
}

/** Undefined when vitest did not get as far as writing them. */
function readResults(path: string): Results | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Results
  } catch {
    return undefined
  }
}
