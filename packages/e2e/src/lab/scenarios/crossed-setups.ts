import { eventually } from '#eventually.ts'
import { LinkProxy } from '#link-proxy.ts'
import { must } from '../lab-failure.ts'
import { scenario } from '../scenario.ts'

const PARALLEL = 64
/** Far below the time after which a session that nobody decided about goes by itself. */
const DECIDED_WITHIN_MS = 5_000

interface Plan {
  /** For each round, who writes right after both dialled. */
  readonly rounds: readonly ('alice' | 'bob' | 'both')[]
}

export const crossedSetups = scenario<Plan>({
  name: 'crossed-setups',
  summary: `both dial at the same moment, then write ${PARALLEL} messages at once as the very first; then both dial again and again`,
  size: { messages: 2 * PARALLEL, strikes: 8 },
  plan: (random, { strikes }) => ({
    rounds: Array.from({ length: strikes }, () => random.pick(['alice', 'bob', 'both'] as const)),
  }),
  play: async (lab, { rounds }) => {
    const toBob = lab.use(await LinkProxy.start(0))
    const toAlice = lab.use(await LinkProxy.start(0))
    const alice = lab.peer('alice', { mayLiveHere: true })
    const bob = lab.peer('bob', { mayLiveHere: true })
    const [alicePort, bobPort] = await Promise.all([alice.start(), bob.start()])
    toAlice.farPort = alicePort
    toBob.farPort = bobPort

    /** Nothing passes before both have dialled, so that neither can know of the other's dial. */
    const cross = async (bobIs: string, aliceIs: string) => {
      const dialled = { toBob: toBob.dials, toAlice: toAlice.dials }
      const ways = [toBob.there, toAlice.there]
      for (const { gate } of ways) gate.close()
      const connected = Promise.all([alice.connect(bobIs), bob.connect(aliceIs)])
      connected.catch(() => undefined)
      await eventually('two dials', () =>
        toBob.dials > dialled.toBob && toAlice.dials > dialled.toAlice ? true : undefined,
      )
      for (const { gate } of ways) gate.open()
      await connected
      await eventually(
        'one link between the two',
        () => (toBob.links + toAlice.links === 1 ? true : undefined),
        DECIDED_WITHIN_MS,
      )
      const dials = toBob.dials - dialled.toBob + toAlice.dials - dialled.toAlice
      must(dials === 2, `it took ${dials} dials to end with one session`)
      lab.count('crossed dials')
    }
    await cross(toBob.address, toAlice.address)
    const messages = Math.ceil(lab.size.messages / 2)
    await Promise.all([
      lab.talk(alice, bob, { messages, lanes: PARALLEL }),
      lab.talk(bob, alice, { messages, lanes: PARALLEL }),
    ])
    await lab.rest()
    for (const who of rounds) {
      await Promise.all([alice.disconnect('bob'), bob.disconnect('alice')])
      await eventually('no link', () => (toBob.links + toAlice.links === 0 ? true : undefined))
      await cross('bob', 'alice')
      if (who !== 'bob') await lab.talk(alice, bob, { messages: 1 })
      if (who !== 'alice') await lab.talk(bob, alice, { messages: 1 })
      await lab.rest()
    }
  },
})
