import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { COSTS_ENV, describeCosts } from './costs.ts'
import { COUNTS_ENV, type Counts } from './counting-reporter.ts'
import { QUIET, ROOT, run } from './process-group.ts'

const COUNTING = join(ROOT, 'scripts/running/counting-reporter.ts')
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
  const countsFile = join(folder, 'counts.json')
  const costs = join(folder, 'costs.jsonl')
  const vitest = [process.execPath, QUIET, 'node_modules/vitest/vitest.mjs', 'run']
  const reporters = [`--reporter=${reporter}`, `--reporter=${COUNTING}`]
  // Of itself it would colour a file as well.
  const colours = process.stdout.isTTY ? [] : ['--no-color']
  const command = [...vitest, ...reporters, ...colours, ...args]
  const surroundings = {
    NODE_COMPILE_CACHE: COMPILED,
    GLIBC_TUNABLES: HUGE_PAGES,
    [COSTS_ENV]: costs,
    [COUNTS_ENV]: countsFile,
    ...env,
  }
  const { ok, why } = await run(command, { limitMs, stdio: 'inherit', env: surroundings })
  const counts = readCounts(countsFile)
  if (!ok) console.log(`tests: ${why}`)
  if (counts === undefined) return false
  for (const line of describeCosts(costs)) console.log(line)
  const { passed, failed, skipped } = counts
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
  return ok && failed === 0 && passed > 0
}

/** Undefined when vitest did not get as far as writing them. */
function readCounts(path: string): Counts | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Counts
  } catch {
    return undefined
  }
}
