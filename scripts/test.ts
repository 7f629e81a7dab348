import { availableParallelism } from 'node:os'
import { BUILT_MAIN } from './build.ts'
import { killAll, QUIET, run } from './running/process-group.ts'
import { runVitest } from './running/vitest.ts'

// `pnpm test` builds the programs, then checks everything and runs all tests beside that, and stops at the first check that fails;
// `pnpm test PATTERN` runs only the tests whose path contains it, with the programs as their sources are, and hands every other argument to vitest
// too. The last line is `N passed, N failed[, N skipped]`.

const isColoured = Boolean(process.stdout.isTTY)

const MAX_CHECK_MS = 5 * 60_000
const MAX_TESTS_MS = 40 * 60_000
/** The dearest suites mostly wait for the programs that they started, so there is room for one more than processors. */
const WHOLE = [`--maxWorkers=${availableParallelism() + 1}`]

interface Check {
  readonly name: string
  readonly command: readonly string[]
}

const build: Check = { name: 'build', command: [process.execPath, QUIET, 'scripts/build.ts'] }
const checks: readonly Check[] = [
  // In one thread: several of them check much of it twice.
  { name: 'types', command: ['tsc', '-b', '--singleThreaded', '--pretty', String(isColoured)] },
  {
    name: 'format and lint',
    command: ['biome', 'ci', '--error-on-warnings', `--colors=${isColoured ? 'force' : 'off'}`],
  },
  { name: 'lint with types', command: ['oxlint', '--type-aware', '--deny-warnings'] },
  { name: 'layers', command: [process.execPath, QUIET, 'scripts/check-layers.ts'] },
  { name: 'dead code', command: ['knip', '--no-progress', '--no-config-hints'] },
]

let hasFailed = false

/** False when it fails, which is told with all that it said. */
async function passes({ name, command }: Check): Promise<boolean> {
  const started = performance.now()
  const { ok, output, why } = await run(command, { limitMs: MAX_CHECK_MS, stdio: 'pipe' })
  if (hasFailed) return false
  console.log(`${ok ? '✓' : '✗'} ${name} ${((performance.now() - started) / 1000).toFixed(1)} s`)
  if (!ok) console.log(`${output.trimEnd()}\n${name}: ${why}`)
  return ok
}

/** Beside each other and beside the tests, because some of them use one processor only. The first that fails ends everything. */
async function passAll(): Promise<boolean> {
  const passed = checks.map(async (check) => {
    if (await passes(check)) return true
    if (!hasFailed) killAll()
    hasFailed = true
    return false
  })
  return (await Promise.all(passed)).every(Boolean)
}

/** What is tested is what is published. */
async function testAll(): Promise<boolean> {
  if (!(await passes(build))) return false
  const [checked, tested] = await Promise.all([
    passAll(),
    runVitest(WHOLE, MAX_TESTS_MS, { env: { PARLEY_MAIN: BUILT_MAIN } }),
  ])
  return checked && tested
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    killAll()
    process.exit(1)
  })
}

const args = process.argv.slice(2).filter((arg, index) => !(index === 0 && arg === '--'))
const ok = await (args.length === 0 ? testAll() : runVitest(args, MAX_TESTS_MS))
process.exitCode = ok ? 0 : 1
