import { checkAtRest, Watcher } from './invariants.ts'
import { World } from './world.ts'

const STEPS = 40_000

/** A stretch of trouble, then peace: returns what was wrong, and the hash of all that went over the wire. */
export async function simulate(seed: number): Promise<{ complaints: string[]; trace: string; world: World }> {
  const world = new World(seed, 2)
  const { random, schedule } = world
  const [alice, bob] = world.nodes
  if (alice === undefined || bob === undefined) throw new Error('two devices')
  const watcher = new Watcher()
  const complaints: string[] = []
  world.connect(alice, bob)
  const actions = 40 + random.below(50)
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
      if (random.chance(0.3)) complaints.push(...watcher.look(world))
    })
  }
  await schedule.run(STEPS, () => schedule.now > 1_700_000_001_500)
  world.heal()
  const steps = await schedule.run(STEPS)
  if (steps === STEPS) complaints.push('13: it never comes to rest')
  complaints.push(...watcher.look(world), ...checkAtRest(world), ...world.aborts.map((abort) => `11: ${abort}`))
  return { complaints, trace: world.traceHash(), world }
}
