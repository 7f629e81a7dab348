import { checkAtRest, Watcher } from './invariants.ts'
import { sceneOf } from './scene.ts'
import { World } from './world.ts'

/** Ten times what any run needed. */
const MAX_STEPS_OF_TROUBLE = 20_000
const MAX_STEPS_TO_REST = 3_000
const TROUBLE_MS = 1_500

export interface Run {
  /** What was wrong; nothing, if all is well. */
  readonly complaints: string[]
  /** Hash of all that went over the wire. */
  readonly trace: string
  readonly world: World
  /** The most that one way to rest took. */
  readonly steps: number
}

/**
 * A stretch of trouble, then peace, then perhaps a month in which one device is away: all from the seed. `look` is the last who sees what
 * the devices hold.
 */
export async function simulate(seed: number, look: (world: World) => void = () => undefined): Promise<Run> {
  const scene = sceneOf(seed)
  const world = new World(seed, scene)
  const { random, schedule, network } = world
  const watcher = new Watcher()
  const complaints: string[] = []
  const start = schedule.now
  const later = (action: () => void): void => {
    schedule.after(random.below(TROUBLE_MS), action)
  }
  const actions = 25 + random.below(30)
  for (let index = 0; index < actions; index += 1) {
    later(() => {
      act(world)
      if (index % 3 === 0) for (const node of world.active) node.indexSome(8)
      if (random.chance(0.2)) complaints.push(...watcher.look(world))
    })
  }
  later(() => happen(world, scene.incident))
  const awaited = scene.leaves === 'nobody' ? undefined : world.nodes.find((node, _, all) => hasSibling(node, all))
  if (awaited !== undefined && scene.incident !== 'restore') later(() => world.leave(awaited))
  let most = 0
  await schedule.run(MAX_STEPS_OF_TROUBLE, () => schedule.now > start + TROUBLE_MS)

  const rest = async (): Promise<void> => {
    world.heal()
    const steps = await schedule.run(MAX_STEPS_TO_REST)
    most = Math.max(most, steps)
    if (steps === MAX_STEPS_TO_REST) complaints.push('13: it never comes to rest')
    complaints.push(...watcher.look(world), ...checkAtRest(world), ...checkIndex(world))
  }
  await rest()
  if (awaited !== undefined && world.gone.has(awaited) && complaints.length === 0) {
    await world.age()
    complaints.push(...checkForgotten(world))
    if (scene.leaves === 'for-long' && scene.incident !== 'restore') {
      world.comeBack(awaited)
      for (let n = 0; n < 5; n += 1) world.send(world.pick(world.active))
      await rest()
    }
  }
  look(world)
  world.end()
  return { complaints, trace: network.traceHash(), world, steps: most }
}

function act(world: World): void {
  const { random, network } = world
  const from = world.pick(world.active)
  const to = world.pick(world.active)
  if (from === undefined || to === undefined) return
  const dice = random.next()
  const link = world.pick(network.openLinks())
  if (dice < 0.5) world.send(from)
  else if (dice < 0.7) for (let n = random.below(16); n > 0; n -= 1) world.send(from)
  else if (dice < 0.8) for (const sent of world.sent.slice(-4)) world.mail.revise(sent)
  else if (dice < 0.88 && link !== undefined) network.cut(link)
  else if (dice < 0.93) network.connect(from, to)
  else world.crash(from)
}

function happen(world: World, incident: ReturnType<typeof sceneOf>['incident']): void {
  const node = world.pick(world.active)
  if (node === undefined) return
  if (incident === 'set-back') world.setBackLater(node)
  else if (incident === 'clone') world.clone(node)
  else if (incident === 'join') world.join()
  else if (incident === 'restore') world.restore(node)
}

function hasSibling({ account }: World['nodes'][number], all: World['nodes']): boolean {
  return all.filter((other) => other.account === account).length > 1
}

/** Not one of the invariants of delivery: whatever happened, what is found is what is shown. */
function checkIndex(world: World): string[] {
  return world.active.flatMap((node) => node.wrongWords().map((wrong) => `index of ${node.name}: ${wrong}`))
}

/** Nothing stays sealed for a device that was away for a month. */
function checkForgotten(world: World): string[] {
  return world.active.flatMap((node) =>
    [...world.gone].flatMap(({ name, device }) =>
      node.store.envelopes.open(device).length > 0 ? [`12: ${node.name} keeps envelopes for ${name}`] : [],
    ),
  )
}
