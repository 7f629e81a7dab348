// From the start of the process to the line that says it is ready, and what it holds a moment later: the real program.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { BenchError } from '#bench/bench-error.ts'
import type { Benchmark } from '#bench/benchmark.ts'
import type { Contestant } from '#bench/contestant.ts'
import type { Row } from '#bench/report.ts'
import { median } from '#bench/statistics.ts'

const STARTS = 7
/** Until what the start left behind is collected. */
const REST_MS = 1_000
const MIB_IN_KIB = 1024

type Figure = 'ms' | 'restMiB'

function program(id: string, name: string, argsFor: (dir: string) => string[]): Contestant<Figure> {
  return {
    id,
    name,
    measure: async (scene) => {
      const times: number[] = []
      let restMiB = Number.NaN
      for (let count = 0; count < STARTS; count += 1) {
        const start = performance.now()
        const child = spawn(process.execPath, argsFor(scene.path('data')), {
          stdio: ['ignore', 'pipe', 'ignore'],
          signal: scene.signal,
          killSignal: 'SIGKILL',
          env: { ...process.env, HOME: scene.dir, XDG_CACHE_HOME: scene.path('cache') },
        })
        const ended = once(child, 'close')
        const isReady = await Promise.race([once(child.stdout, 'data').then(() => true), ended.then(() => false)])
        if (!isReady) throw new BenchError('child-failed', `${name} ended before it was ready`)
        times.push(performance.now() - start)
        if (count === STARTS - 1) {
          await delay(REST_MS)
          restMiB = await residentMiB(child.pid)
        }
        child.kill('SIGTERM')
        await ended
      }
      // The first start fills the cache of compiled code.
      return { ms: median(times.slice(1)), restMiB }
    },
  }
}

/** proc(5); NaN where there is no such thing. */
async function residentMiB(pid: number | undefined): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1] ?? Number.NaN) / MIB_IN_KIB
}

/** Plain JavaScript: the least that listens. */
const BARE = `require('node:http').createServer((request, response) => response.end())
  .listen(0, '127.0.0.1', () => console.log('ready'))`

const bare = program('bare-node', 'a bare node:http process', () => ['--eval', BARE])
function directory(id: string, name: string, main: string): Contestant<Figure> {
  const quiet = '--disable-warning=ExperimentalWarning'
  return program(id, name, (dir) => [quiet, main, '--port', '0', '--data-dir', dir])
}

const PACKAGE = import.meta.resolve('@parley/directory-server')
const BUILT = fileURLToPath(new URL('../dist/program/main.js', PACKAGE))

const source = directory(
  'parley',
  'parley-directory, from its TypeScript source',
  fileURLToPath(new URL('./main.ts', PACKAGE)),
)
const built = directory('parley-built', 'parley-directory, as `pnpm build` made it last', BUILT)
const isBuilt = existsSync(BUILT)
/** It is what is published. */
const parley = isBuilt ? built : source
const contestants = isBuilt ? [bare, source, built] : [bare, source]

export const startUpBenchmark: Benchmark = {
  name: 'start-up',
  summary: 'time until the program is ready, and memory at rest',
  contestants,
  report: (results) => ({
    title: `Start of the program, from its second start on, medians of ${STARTS - 1}`,
    columns: [
      { title: 'ms to ready', digits: 0 },
      { title: '× bare', digits: 2 },
      { title: 'MiB at rest', digits: 1 },
    ],
    rows: contestants.map(
      (contestant): Row => ({
        label: contestant.name,
        cells: [
          results.median(contestant, 'ms'),
          results.ratio([contestant, 'ms'], [bare, 'ms']),
          results.median(contestant, 'restMiB'),
        ],
      }),
    ),
    goals: [
      {
        label: 'start ÷ that of a bare process',
        value: results.ratio([parley, 'ms'], [bare, 'ms']),
        digits: 2,
        bound: { atMost: 1.4 },
      },
      {
        label: 'MiB at rest',
        value: results.median(parley, 'restMiB'),
        digits: 1,
        // 75 MB.
        bound: { atMost: 71.5 },
      },
    ],
  }),
}
