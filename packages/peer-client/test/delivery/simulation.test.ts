import { describe, expect, test } from '@jest/globals'
import { checkAtRest, Watcher } from './simulation/invariants.ts'
import { World } from './simulation/world.ts'

const SEEDS = 200
const STEPS = 40_000

/** A stretch of trouble, then peace: returns what was wrong, and the hash of all that went over the wire. */
async function simulate(seed: number): Promise<{ complaints: string[]; trace: string; world: World }> {
  const world = new World(seed, 2)
  const { random, schedule } = world
  const [alice, bob] = world.nodes
  if (alice === undefined || bob === undefined) throw new Error('two devices')
  const watcher = new Watcher()
  const complaints: string[] = []
  world.connect(alice, bob)
  const actions = 60 + random.below(60)
  for (let index = 0; index < actions; index += 1) {
    schedule.after(random.below(1_500), () => {
      const [from, to] = random.chance(0.5) ? [alice, bob] : [bob, alice]
      const dice = random.next()
      const [link] = world.openLinks()
      if (dice < 0.5) world.send(from, to)
      else if (dice < 0.7) for (let n = random.below(30); n > 0; n -= 1) world.send(from, to)
      else if (dice < 0.8) for (const sent of world.sent.slice(-4)) world.revise(sent)
      else if (dice < 0.88 && link !== undefined) world.cut(link)
      else if (dice < 0.93) world.connect(from, to)
      else if (from.isRunning) world.crash(from)
      complaints.push(...watcher.look(world))
    })
  }
  await schedule.run(STEPS, () => schedule.now > 1_700_000_001_500)
  world.heal()
  const steps = await schedule.run(STEPS)
  if (steps === STEPS) complaints.push('13: it never comes to rest')
  complaints.push(...watcher.look(world), ...checkAtRest(world), ...world.aborts.map((abort) => `11: ${abort}`))
  return { complaints, trace: world.traceHash(), world }
}

describe('two devices through crashes, cuts and doubled sessions', () => {
  test(`keep every invariant of the delivery protocol, ${SEEDS} seeds`, async () => {
    const totals = { sent: 0, crashes: 0, cuts: 0 }
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const { complaints, world } = await simulate(seed)
      if (complaints.length > 0) throw new Error(`seed ${seed}:\n${complaints.slice(0, 20).join('\n')}`)
      totals.sent += world.sent.length
      totals.crashes += world.crashes
      totals.cuts += world.cuts
    }
    // A schedule that never hurts would prove nothing.
    expect(totals.sent).toBeGreaterThan(SEEDS * 50)
    expect(totals.crashes).toBeGreaterThan(SEEDS)
    expect(totals.cuts).toBeGreaterThan(SEEDS * 2)
  })

  test('go the same way for the same seed', async () => {
    expect((await simulate(7)).trace).toBe((await simulate(7)).trace)
  })
})
