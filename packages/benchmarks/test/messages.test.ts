import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { watch } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

/** Many processes, one after the other. */
const PATIENCE_MS = 240_000

const { PARLEY_MAIN = 'src/main.ts' } = process.env
const MAIN = fileURLToPath(new URL(`../${PARLEY_MAIN}`, import.meta.url))

/** Whatever it leaves behind stays in `scratch`. */
async function inScratch(body: (scratch: string) => Promise<void>): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'parley-test-'))
  try {
    await body(scratch)
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

function bench(args: readonly string[], scratch: string) {
  const flags = ['--disable-warning=ExperimentalWarning']
  return spawn(process.execPath, [...flags, MAIN, ...args], {
    env: { ...process.env, TMPDIR: scratch },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

async function outcome(args: readonly string[], scratch: string) {
  const child = bench(args, scratch)
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { exitCode: child.exitCode, stdout, stderr }
}

test(
  'every contestant yields its figures, and nothing is left behind',
  () =>
    inScratch(async (scratch) => {
      const args = ['messages', '--rounds', '1', '--messages', '5', '--bulk', '20', '--peers', '2', '--json']
      const { exitCode, stdout, stderr } = await outcome(args, scratch)
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.not.stringContaining('round') })
      const parts = stdout.trimEnd().split('\n')
      const [{ figures, report, rounds, load }, ...others] = parts.map((line) => JSON.parse(line))
      expect(others.map(({ benchmark }) => benchmark)).toEqual(['steps', 'bulk', 'backlog', 'crowd'])
      for (const part of others)
        for (const { cells } of part.report.rows)
          for (const cell of cells) expect(cell === null || Number.isFinite(cell)).toBe(true)
      expect({ rounds, load }).toEqual({ rounds: 1, load: { messages: 5 } })
      for (const id of ['raw-tcp', 'joined-tls', 'parley-flow']) {
        expect(figures[id]).toEqual([expect.objectContaining({ perSecond: expect.any(Number), messages: 15 })])
        expect(figures[id][0].perSecond).toBeGreaterThan(0)
      }
      expect(figures['one-commit'][0].p99Micros).toBeGreaterThanOrEqual(figures['one-commit'][0].p50Micros)
      const [lone] = figures['parley-lone']
      expect(lone.tripP50Micros).toBeGreaterThan(lone.tickP50Micros)
      expect(lone.tickP50Micros).toBeGreaterThan(lone.ackP50Micros)
      expect(lone.ackP50Micros).toBeGreaterThan(0)
      expect(report.goals).toHaveLength(7)
      for (const goal of report.goals)
        expect(goal).toMatchObject({ value: expect.any(Number), isReached: expect.any(Boolean) })
      expect(await readdir(scratch)).toEqual([])
    }),
  PATIENCE_MS,
)

test('an interrupt ends it and its processes, and nothing is left behind', () =>
  inScratch(async (scratch) => {
    const watcher = watch(scratch)
    const begun = once(watcher, 'change')
    const child = bench(['messages', '--seconds', '600'], scratch)
    const ended = Promise.all([text(child.stderr), once(child, 'close')])
    await begun
    watcher.close()
    child.kill('SIGINT')
    const [stderr] = await ended
    expect({ exitCode: child.exitCode, stderr }).toEqual({ exitCode: 130, stderr: '' })
    expect(await readdir(scratch)).toEqual([])
  }))

test('without a name it says what there is, and what it does not know is a mistake of usage', () =>
  inScratch(async (scratch) => {
    const list = await outcome([], scratch)
    expect(list).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('messages '), stderr: '' })
    const unknown = await outcome(['speed'], scratch)
    expect(unknown).toMatchObject({ exitCode: 64, stdout: '', stderr: expect.stringContaining('"speed"') })
  }))
