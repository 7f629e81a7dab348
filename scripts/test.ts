import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

// `pnpm test` checks everything and stops at the first step that fails; `pnpm test PATTERN` runs only the tests whose
// path matches, and hands every other argument to jest too. The last line is `N passed, N failed[, N skipped]`.

const root = fileURLToPath(new URL('..', import.meta.url))
const bin = join(root, 'node_modules/.bin')
const env = { ...process.env, PATH: [bin, process.env['PATH'] ?? ''].join(delimiter) }
const quiet = '--disable-warning=ExperimentalWarning'
const isColoured = Boolean(process.stdout.isTTY)

const MAX_CHECK_MS = 5 * 60_000
const MAX_TESTS_MS = 15 * 60_000

const checks = [
  { name: 'types', command: ['tsc', '-b', '--pretty', String(isColoured)] },
  {
    name: 'format and lint',
    command: ['biome', 'ci', '--error-on-warnings', `--colors=${isColoured ? 'force' : 'off'}`],
  },
  { name: 'lint with types', command: ['oxlint', '--type-aware', '--deny-warnings'] },
  { name: 'layers', command: [process.execPath, quiet, 'scripts/check-layers.ts'] },
  { name: 'dead code', command: ['knip', '--no-progress', '--no-config-hints'] },
]

interface Outcome {
  ok: boolean
  output: string
  why: string
}

const running = new Set<number>()

/** Settles when the command has ended or was killed at its limit; whatever it started ends with it. */
function run(command: readonly string[], limitMs: number, stdio: 'inherit' | 'pipe'): Promise<Outcome> {
  const [file = '', ...args] = command
  return new Promise((resolve) => {
    // A process group of its own, because tests start daemons that must not outlive a kill.
    const child = spawn(file, args, { cwd: root, env, detached: true, stdio: ['ignore', stdio, stdio] })
    const group = child.pid
    if (group !== undefined) running.add(group)
    const chunks: Buffer[] = []
    child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk))
    let late = false
    const timer = setTimeout(() => {
      late = true
      killGroup(group)
    }, limitMs)
    let startError = ''
    child.on('error', (error) => {
      startError = error.message
      settle(null, null)
    })
    // `exit` and not `close`: a leftover that keeps our pipe open must not keep us waiting.
    child.on('exit', (code, signal) => setImmediate(settle, code, signal))

    function settle(code: number | null, signal: NodeJS.Signals | null) {
      clearTimeout(timer)
      killGroup(group)
      const ended = signal === null ? `exit code ${code}` : `killed by ${signal}`
      const why = startError || (late ? `not done after ${limitMs / 1000} s` : ended)
      resolve({ ok: code === 0 && !late, output: Buffer.concat(chunks).toString(), why })
    }
  })
}

function killGroup(group: number | undefined) {
  if (group === undefined || !running.delete(group)) return
  try {
    process.kill(-group, 'SIGKILL')
  } catch {
    // Nobody of that group is left, as it should be.
  }
}

async function runChecks(): Promise<boolean> {
  for (const { name, command } of checks) {
    const started = performance.now()
    const { ok, output, why } = await run(command, MAX_CHECK_MS, 'pipe')
    console.log(`${ok ? '✓' : '✗'} ${name} ${((performance.now() - started) / 1000).toFixed(1)} s`)
    if (ok) continue
    console.log(`${output.trimEnd()}\n${name}: ${why}`)
    return false
  }
  return true
}

interface JestResults {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
  numRuntimeErrorTestSuites: number
}

async function runTests(args: readonly string[]): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'parley-test-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const results = join(folder, 'results.json')
  const jest = [process.execPath, '--experimental-vm-modules', quiet, 'node_modules/jest/bin/jest.js']
  const { ok, why } = await run([...jest, '--json', `--outputFile=${results}`, ...args], MAX_TESTS_MS, 'inherit')
  const counts = readResults(results)
  if (!ok) console.log(`tests: ${why}`)
  if (counts === undefined) return false
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

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    for (const group of running) killGroup(group)
    process.exit(1)
  })
}

const args = process.argv.slice(2).filter((arg, index) => !(index === 0 && arg === '--'))
const ok = (args.length > 0 || (await runChecks())) && (await runTests(args))
process.exitCode = ok ? 0 : 1
