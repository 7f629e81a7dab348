import { readdir, readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { Fault } from '#faults.ts'
import { SCENARIOS } from '#lab/all-scenarios.ts'
import { runScenario } from '#lab/laboratory.ts'
import type { Scenario, Size } from '#lab/scenario.ts'
import { SEED } from '#random.ts'
import { whyMissing } from '#requirements.ts'
import { onStage } from '#stage.ts'

const LAB = 'packages/e2e/src/main.ts'

/** What each scenario of the laboratory shows. */
const SHOWN: Readonly<Record<string, string>> = {
  'kill-storm': 'nothing is lost, doubled or reordered when sender, receiver and directory are killed again and again',
  partitions: 'a peer that died and came back is believed at once, though its old session still looks alive',
  'bad-links':
    'a link that delays, throttles, splits, freezes, breaks or turns bits over changes nothing of what arrives',
  'lost-packets': 'a network that loses every packet for a while changes nothing of what arrives',
  'lying-links':
    'envelopes and answers that come twice, late, reordered, never or changed change nothing of what arrives',
  'directory-away': 'people who know each other go on without the directory, even when both start again',
  'frozen-peers': 'a peer that is frozen delays nobody else, and gets what waited once it goes on',
  'full-disk':
    'a peer whose disk is full ends, has promised nothing that it cannot keep, and goes on when there is room',
  'io-errors': 'a peer whose disk fails ends, and has promised nothing that it does not have',
  'synced-answers': 'nothing is acknowledged, to a peer or to a program, before it was synced to the disk',
  'one-profile': 'of processes that race for one profile one gets it, also after a kill and from another container',
  clocks: 'clocks that are days apart and jump change nothing of what arrives, nor its order',
  'resumed-sessions': 'a TLS session is never resumed',
  'crossed-setups': 'two who dial and write at the same moment end with one session and one ratchet, again and again',
}

/** Of those that meet everything that they have in less than their usual size: here a kill of each victim, and again during two starts. */
const SMALLER: Readonly<Record<string, Size>> = { 'kill-storm': { messages: 240, strikes: 7 } }

test('every scenario that is small enough is played here', () => {
  const small = SCENARIOS.filter(({ isQuick }) => isQuick).map(({ name }) => name)
  expect(small.toSorted()).toEqual(Object.keys(SHOWN).toSorted())
})

/** Deliberate bugs but for `tickets-on`, which the laboratory is started with below; the scenario that notices each, in the smallest size in which it does, and what it says then. */
const NOTICED: readonly (readonly [fault: Fault, name: string, size: Size, reason: RegExp])[] = [
  ['synchronous-normal', 'synced-answers', { messages: 10, strikes: 0 }, /before they were on the disk/],
  [
    'pid-file-lock',
    'one-profile',
    { messages: 2, strikes: 1 },
    /got a profile that is in use|it ended with|processes got/,
  ],
  ['no-tie-break', 'crossed-setups', { messages: 2, strikes: 2 }, /dials to end with one session|one link/],
]

/** `test`, or a skipped one where the system does not have what the scenario needs; under CI that is a failure. */
function playing(name: string): { scenario: Scenario; play: typeof test | typeof test.skip } {
  const scenario = SCENARIOS.find((one) => one.name === name)
  if (scenario === undefined) throw new Error(`there is no scenario ${name}`)
  const missing = scenario.needs.map(whyMissing).find((why) => why !== undefined)
  if (missing === undefined || process.env['CI'] !== undefined) return { scenario, play: test }
  console.warn(`${name} is not played: ${missing}`)
  return { scenario, play: test.skip }
}

for (const [name, sentence] of Object.entries(SHOWN)) {
  const { scenario, play } = playing(name)
  play(sentence, async () => {
    const { report, ...outcome } = await runScenario(scenario, { seed: SEED, size: SMALLER[name], sharesProcess: true })
    if (outcome.result === 'failed') console.error(report)
    expect(outcome).toMatchObject({ result: 'passed' })
  })
}

for (const [fault, name, size, reason] of NOTICED) {
  const { scenario, play } = playing(name)
  play(`${name} notices ${fault}`, async () => {
    const outcome = await runScenario(scenario, {
      seed: SEED,
      size,
      faults: [fault],
      sharesProcess: true,
      keeps: 'none',
    })
    expect(outcome).toMatchObject({ result: 'failed', reason: expect.stringMatching(reason) })
  })
}

test(
  'resumed-sessions notices tickets-on, and a failure keeps the directory and prints the line that repeats it',
  onStage(async (stage) => {
    const args = ['--scenario', 'resumed-sessions', '--seed', '3', '--strikes', '1', '--plant', 'tickets-on']
    const { exitCode, stdout, stderr } = await stage.script(LAB, { args }).exit()
    expect(exitCode).toBe(1)
    expect(stdout).toMatch(/✗ resumed-sessions, seed 3.*came back with an old TLS session/s)
    expect(stderr).toContain(
      'Again: npx -y pnpm@12 lab --scenario resumed-sessions --seed 3 --messages 2 --strikes 1 --plant tickets-on',
    )
    const [, kept = ''] = /Everything lies in (\S+)/.exec(stderr) ?? []
    expect(await readdir(kept)).toContain('alice')
  }),
)

test(
  'Ctrl-C ends everything that was started, and removes it',
  onStage(async (stage) => {
    const lab = stage.script(LAB, { args: ['--scenario', 'partitions'] })
    await lab.printed(' ms at ')
    lab.signal('SIGINT')
    expect(await lab.exit()).toMatchObject({ exitCode: 130 })
    expect(await readdir(stage.dir)).toEqual([])
    expect(await commandLines()).not.toContain(stage.dir)
  }),
)

/** Of all processes of this machine, as far as they can be seen. */
async function commandLines(): Promise<string> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  return (await Promise.all(ids.map((id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')))).join('\n')
}

test('every bug that can be planted in a real process is noticed here', () => {
  expect([...NOTICED.map(([fault]) => fault), 'tickets-on'].toSorted()).toEqual(Fault.options.toSorted())
})

test.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))(
  'the same seed gives %s the same schedule, and not all seeds do',
  (_, scenario) => {
    const [once, again] = [scenario.prepare(7), scenario.prepare(7)]
    expect(again).toMatchObject({ plan: once.plan, hash: once.hash })
    const hashes = Array.from({ length: 10 }, (_seed, seed) => scenario.prepare(seed).hash)
    expect(new Set(hashes).size).toBeGreaterThan(1)
  },
)
