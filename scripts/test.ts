import { BUILT_MAIN } from './build.ts'
import { runJest } from './running/jest.ts'
import { killAll, QUIET, run } from './running/process-group.ts'

// `pnpm test` checks everything and stops at the first step that fails; `pnpm test PATTERN` runs only the tests whose
// path matches, with the programs as their sources are, and hands every other argument to jest too. The last line is `N passed, N failed[, N skipped]`.

const isColoured = Boolean(process.stdout.isTTY)

const MAX_CHECK_MS = 5 * 60_000
const MAX_TESTS_MS = 40 * 60_000
/** The dearest suites mostly wait for the programs that they started: two of them leave a processor for a third. */
const WHOLE = ['--maxWorkers=3']

const checks = [
  // In one thread: several of them check much of it twice.
  { name: 'types', command: ['tsc', '-b', '--singleThreaded', '--pretty', String(isColoured)] },
  {
    name: 'format and lint',
    command: ['biome', 'ci', '--error-on-warnings', `--colors=${isColoured ? 'force' : 'off'}`],
  },
  { name: 'lint with types', command: ['oxlint', '--type-aware', '--deny-warnings'] },
  { name: 'layers', command: [process.execPath, QUIET, 'scripts/check-layers.ts'] },
  { name: 'dead code', command: ['knip', '--no-progress', '--no-config-hints'] },
  { name: 'build', command: [process.execPath, QUIET, 'scripts/build.ts'] },
]

/** Beside each other, because some of them use one processor only. */
async function runChecks(): Promise<boolean> {
  const started = performance.now()
  const outcomes = checks.map(async ({ name, command }) => {
    const outcome = await run(command, { limitMs: MAX_CHECK_MS, stdio: 'pipe' })
    return { name, ...outcome, seconds: (performance.now() - started) / 1000 }
  })
  for (const outcome of outcomes) {
    const { name, ok, output, why, seconds } = await outcome
    console.log(`${ok ? '✓' : '✗'} ${name} ${seconds.toFixed(1)} s`)
    if (ok) continue
    console.log(`${output.trimEnd()}\n${name}: ${why}`)
    killAll()
    return false
  }
  return true
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    killAll()
    process.exit(1)
  })
}

const args = process.argv.slice(2).filter((arg, index) => !(index === 0 && arg === '--'))
const isWhole = args.length === 0
// What is tested is what is published.
const programs = isWhole ? { PARLEY_MAIN: BUILT_MAIN } : {}
const ok = (!isWhole || (await runChecks())) && (await runJest(isWhole ? WHOLE : args, MAX_TESTS_MS, programs))
process.exitCode = ok ? 0 : 1
