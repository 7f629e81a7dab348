import { expect, test } from '@jest/globals'
import { SCENARIOS } from '#lab/all-scenarios.ts'
import { runScenario } from '#lab/laboratory.ts'
import { SEED } from '#random.ts'
import { whyMissing } from '#requirements.ts'

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
  'crossed-setups': 'two who dial and write at the same moment end with one session and one ratchet, again and again',
}

test('every scenario that is small enough is played here', () => {
  const small = SCENARIOS.filter(({ isQuick }) => isQuick).map(({ name }) => name)
  expect(small.toSorted()).toEqual(Object.keys(SHOWN).toSorted())
})

for (const [name, sentence] of Object.entries(SHOWN)) {
  const scenario = SCENARIOS.find((one) => one.name === name)
  const missing = scenario?.needs.map(whyMissing).find((why) => why !== undefined)
  // Under CI a scenario that cannot be played is a failure.
  const isSkipped = missing !== undefined && process.env['CI'] === undefined
  if (isSkipped) console.warn(`${name} is not played: ${missing}`)
  const play = isSkipped ? test.skip : test
  play(sentence, async () => {
    if (scenario === undefined) throw new Error(`there is no scenario ${name}`)
    const { report, ...outcome } = await runScenario(scenario, { seed: SEED })
    if (outcome.result === 'failed') console.error(report)
    expect(outcome).toMatchObject({ result: 'passed' })
  })
}

test.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))(
  'the same seed gives %s the same schedule, and not all seeds do',
  (_, scenario) => {
    const [once, again] = [scenario.prepare(7), scenario.prepare(7)]
    expect(again).toMatchObject({ plan: once.plan, hash: once.hash })
    const hashes = Array.from({ length: 10 }, (_seed, seed) => scenario.prepare(seed).hash)
    expect(new Set(hashes).size).toBeGreaterThan(1)
  },
)
