import { eventually } from '#eventually.ts'
import { connectionsTo } from '#tcp-connections.ts'
import { must } from '../lab-failure.ts'
import { scenario } from '../scenario.ts'

const PARALLEL = 64

interface Plan {
  /** For each round, who writes to whom right after both dialled. */
  readonly rounds: readonly ('alice' | 'bob' | 'both')[]
}

export const crossedSetups = scenario<Plan>({
  name: 'crossed-setups',
  summary: `${PARALLEL} messages each way at once as the very first, so that ratchets and dials cross; then both dial, again and again`,
  size: { messages: 2 * PARALLEL, strikes: 12 },
  plan: (random, { strikes }) => ({
    rounds: Array.from({ length: strikes }, () => random.pick(['alice', 'bob', 'both'] as const)),
  }),
  play: async (lab, { rounds }) => {
    const { url: directory } = await lab.stage.directory()
    const alice = lab.peer('alice', { directory })
    const bob = lab.peer('bob', { directory })
    const [alicePort, bobPort] = await Promise.all([alice.start(), bob.start()])
    const messages = Math.ceil(lab.size.messages / 2)
    await Promise.all([
      lab.talk(alice, bob, { messages, lanes: PARALLEL }),
      lab.talk(bob, alice, { messages, lanes: PARALLEL }),
    ])
    await lab.rest()

    for (const who of rounds) {
      await Promise.all([alice.disconnect('bob'), bob.disconnect('alice')])
      await Promise.all([alice.connect('bob'), bob.connect('alice')])
      if (who !== 'bob') await lab.talk(alice, bob, { messages: 1 })
      if (who !== 'alice') await lab.talk(bob, alice, { messages: 1 })
      await lab.rest()
      lab.count('crossed dials')
    }
    await eventually('one link between the two', async () => {
      const links = (await connectionsTo(alicePort)) + (await connectionsTo(bobPort))
      return links === 1 ? true : undefined
    })
    for (const peer of [alice, bob]) {
      const open = (await peer.countLogged('session open')) - (await peer.countLogged('session ended'))
      must(open === 1, `${peer.name} holds ${open} sessions`)
    }
  },
})
