import type { Random } from '#random.ts'
import type { Lab } from '../lab.ts'
import type { LabPeer, StartMoment } from '../lab-peer.ts'
import { scenario } from '../scenario.ts'
import { moments, type Strike, talkUnderStrikes } from '../strikes.ts'

const VICTIMS = { alice: 1, bob: 1, 'alice and bob': 2, directory: 1 } as const
const NAMES = ['alice', 'bob', 'alice and bob', 'directory'] as const satisfies readonly (keyof typeof VICTIMS)[]
const MAX_EARLY_KILLS = 2
/** How long after a moment of a start at most; a whole start takes about as long as the first. */
const MAX_AFTER_MS = { started: 500, listening: 50, ready: 50 }
const MOMENTS = ['started', 'listening', 'ready'] as const

interface Kill extends Strike {
  readonly victim: (typeof NAMES)[number]
  /** When it is killed again while it starts, before it is left alone; a directory is not. */
  readonly again: readonly StartMoment[]
}

/** The README promises it; this is the test of the promise. */
export const killStorm = scenario<readonly Kill[]>({
  name: 'kill-storm',
  summary: 'kill -9 of sender, receiver, both and the directory while they talk, again while they recover',
  size: { messages: 600, strikes: 8 },
  plan: (random, { messages, strikes }) => {
    const kills: Omit<Kill, 'at'>[] = []
    // Each once before any comes again.
    const fresh = [...NAMES]
    for (let left = strikes; left > 0; ) {
      const [victim = random.pick(NAMES)] = fresh.splice(random.below(fresh.length), 1)
      const kill = anyKill(random, victim)
      kills.push(kill)
      left -= VICTIMS[kill.victim] * (1 + kill.again.length)
    }
    return moments(kills.length, messages, random).map((at, index) => ({
      at,
      ...(kills[index] ?? anyKill(random, random.pick(NAMES))),
    }))
  },
  play: async (lab, kills) => {
    const { messages } = lab.size
    const directory = await lab.stage.directory()
    const alice = lab.peer('alice', { directory: directory.url })
    const bob = lab.peer('bob', { directory: directory.url })
    await Promise.all([alice.start(), bob.start()])
    await lab.introduce(alice, bob)

    const victims: Record<Kill['victim'], readonly LabPeer[]> = {
      alice: [alice],
      bob: [bob],
      'alice and bob': [alice, bob],
      directory: [],
    }
    const half = Math.ceil(messages / 2)
    const talks = [
      { from: alice, to: bob, messages: half },
      { from: bob, to: alice, messages: half },
    ]
    await talkUnderStrikes(lab, talks, kills, async (kill) => {
      lab.note(`${kill.victim} killed at ${lab.books.progress.count}, meant for ${kill.at}`)
      if (kill.victim === 'directory') {
        const startedAt = performance.now()
        await directory.restart()
        lab.measure('ms until the directory answered again', performance.now() - startedAt)
        lab.count('kills')
        lab.count('kills of the directory while it ran')
      } else await Promise.all(victims[kill.victim].map((peer) => strike(lab, peer, kill.again)))
    })
  },
})

function anyKill(random: Random, victim: Kill['victim']): Omit<Kill, 'at'> {
  const again = Array.from({ length: victim === 'directory' ? 0 : random.below(MAX_EARLY_KILLS + 1) }, () => {
    const moment = random.pick(MOMENTS)
    return { at: moment, afterMs: random.below(MAX_AFTER_MS[moment]) }
  })
  return { victim, again }
}

async function strike(lab: Lab, peer: LabPeer, again: readonly StartMoment[]): Promise<void> {
  await peer.kill()
  lab.count('kills')
  lab.count(`kills of ${peer.name} while it ran`)
  for (const moment of again) {
    await peer.startAndKill(moment)
    lab.count('kills')
    lab.count('kills during a start')
  }
  const startedAt = performance.now()
  await peer.start()
  lab.measure('ms until a peer was online again', performance.now() - startedAt)
}
