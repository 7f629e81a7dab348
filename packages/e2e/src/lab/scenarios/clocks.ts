import { scenario } from '../scenario.ts'
import { moments, type Strike, talkUnderStrikes } from '../strikes.ts'

const DAY_MS = 24 * 60 * 60 * 1_000
const MAX_DAYS = 3

interface Jump extends Strike {
  readonly who: 'alice' | 'bob'
  readonly toMs: number
}

interface Plan {
  readonly alice: number
  readonly bob: number
  readonly jumps: readonly Jump[]
}

export const clocks = scenario<Plan>({
  name: 'clocks',
  summary: 'clocks that are three days slow and three days fast, and jump within that while people talk',
  size: { messages: 150, strikes: 4 },
  plan: (random, { messages, strikes }) => ({
    alice: -MAX_DAYS * DAY_MS,
    bob: MAX_DAYS * DAY_MS,
    jumps: moments(strikes, messages, random).map((at) => ({
      at,
      who: random.pick(['alice', 'bob'] as const),
      toMs: (random.below(2 * MAX_DAYS * 24 + 1) - MAX_DAYS * 24) * 60 * 60 * 1_000,
    })),
  }),
  play: async (lab, { jumps, ...offsets }) => {
    const { url: directory } = await lab.stage.directory()
    const peerOf = (name: 'alice' | 'bob') =>
      lab.peer(name, {
        directory,
        surroundings: { preload: ['moving-clock'], env: { PARLEY_LAB_CLOCK_MS: String(offsets[name]) } },
      })
    const peers = { alice: peerOf('alice'), bob: peerOf('bob') }
    const { alice, bob } = peers
    await Promise.all([alice.start(), bob.start()])
    await lab.introduce(alice, bob)

    const half = Math.ceil(lab.size.messages / 2)
    const talks = [
      { from: alice, to: bob, messages: half },
      { from: bob, to: alice, messages: half },
    ]
    await talkUnderStrikes(lab, talks, jumps, async ({ at, who, toMs }) => {
      lab.note(
        `the clock of ${who} is set ${toMs / 3_600_000} h from the truth at ${lab.books.progress.count}, meant for ${at}`,
      )
      await peers[who].setClock(toMs)
      lab.count('jumps')
    })
  },
})
