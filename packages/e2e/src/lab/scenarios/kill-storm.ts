import type { PeerProcess, StartMoment } from '#peer-process.ts'
import type { Lab } from '../lab.ts'
import { scenario } from '../scenario.ts'
import { moments, type Strike, talkUnderStrikes } from '../strikes.ts'

const VICTIMS = ['alice', 'bob', 'alice and bob', 'directory'] as const
const MAX_EARLY_KILLS = 2
/** How long after a moment of a start at most; a whole start takes about as long as the first. */
const MAX_AFTER_MS = { started: 500, listening: 50, ready: 50 }
const MOMENTS = ['started', 'listening', 'ready'] as const

interface Kill extends Strike {
  readonly victim: (typeof VICTIMS)[number]
  /** When it is killed again while it starts, before it is left alone; a directory is not. */
  readonly again: readonly StartMoment[]
}

/** The README promises it; this is the test of the promise. */
export const killStorm = scenario<readonly Kill[]>({
  name: 'kill-storm',
  summary: 'kill -9 of sender, receiver, both and the directory while they talk, again while they recover',
  size: { messages: 1_200, strikes: 5 },
  plan: (random, { messages, strikes }) =>
    moments(strikes, messages, random).map((at) => ({
      at,
      victim: random.pick(VICTIMS),
      again: Array.from({ length: random.below(MAX_EARLY_KILLS + 1) }, () => {
        const moment = random.pick(MOMENTS)
        return { at: moment, afterMs: random.below(MAX_AFTER_MS[moment]) }
      }),
    })),
  play: async (lab, kills) => {
    const { messages } = lab.size
    const directory = await lab.stage.directory()
    const alice = lab.peer('alice', { directory: directory.url })
    const bob = lab.peer('bob', { directory: directory.url })
    await Promise.all([alice.start(), bob.start()])
    await lab.introduce(alice, bob)

    const victims: Record<Kill['victim'], readonly PeerProcess[]> = {
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
        await directory.restart()
        lab.count('kills')
        lab.count('kills of the directory')
      } else await Promise.all(victims[kill.victim].map((peer) => strike(lab, peer, kill.again)))
    })
  },
})

async function strike(lab: Lab, peer: PeerProcess, again: readonly StartMoment[]): Promise<void> {
  await peer.kill()
  lab.count('kills')
  for (const moment of again) {
    await peer.startAndKill(moment)
    lab.count('kills')
    lab.count('kills during a start')
  }
  const startedAt = performance.now()
  await peer.start()
  lab.measure('recovery ms', performance.now() - startedAt)
}
