import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { chosenOf } from '#bench/suite.ts'
import { directoryBenchmarks } from '#directory/directory-benchmarks.ts'

/** Many processes, one after the other. */
const PATIENCE_MS = 240_000

const { PARLEY_MAIN = 'src/main.ts' } = process.env
const MAIN = fileURLToPath(new URL(`../${PARLEY_MAIN}`, import.meta.url))

/** The JSON lines of a run in an empty scratch directory, in which nothing is left then. */
async function bench(...args: string[]) {
  const scratch = await mkdtemp(join(tmpdir(), 'parley-test-'))
  try {
    const all = ['--disable-warning=ExperimentalWarning', MAIN, 'directory', ...args, '--rounds', '1', '--json']
    const { stdout } = await promisify(execFile)(process.execPath, all, { env: { ...process.env, TMPDIR: scratch } })
    expect(await readdir(scratch)).toEqual([])
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

test(
  'lookups are made of a baseline and of the directory, with Express and without, accounts are registered and users are searched',
  async () => {
    const which = ['--only', 'search,registration,lookup']
    const [lookup, registration, search] = await bench(...which, '--users', '10', '--messages', '5')
    expect([lookup, registration, search].map(({ benchmark }) => benchmark)).toEqual([
      'lookup',
      'registration',
      'search',
    ])
    for (const id of ['node-map', 'parley', 'parley-express']) {
      const [{ perSecond, p50Micros, p99Micros, serverMicros }] = lookup.figures[id]
      expect(Math.min(perSecond, p50Micros, serverMicros)).toBeGreaterThan(0)
      expect(p99Micros).toBeGreaterThanOrEqual(p50Micros)
    }
    expect(registration.figures['parley'][0].many).toBeGreaterThan(0)
    expect(registration.report.goals).toHaveLength(2)
    expect(search.figures['parley'][0].partP50Millis).toBeGreaterThan(0)
  },
  PATIENCE_MS,
)

test('what is to be measured has to exist', () => {
  expect(() => chosenOf(directoryBenchmarks({ users: 20 }), ['lookup', 'speed'])).toThrow(
    expect.objectContaining({
      code: 'usage',
      message: expect.stringContaining('there is lookup, registration, fan-out, search, idle, start-up, crowd'),
    }),
  )
})
