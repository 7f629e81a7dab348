import { freePort } from '#free-port.ts'
import { scenario } from '../scenario.ts'

const VICTIMS = [['alice', 'bob'], ['bob', 'alice'], ['alice'], ['bob']] as const

interface Plan {
  /** Who is killed while the directory is away, in the order in which they start again. */
  readonly victims: readonly (typeof VICTIMS)[number][]
}

export const directoryAway = scenario<Plan>({
  name: 'directory-away',
  summary:
    'people who know each other go on without the directory, also when they start again, and find it when it is back',
  size: { messages: 100, strikes: 1 },
  plan: (random, { strikes }) => ({
    // Both together first: that is the hardest.
    victims: Array.from({ length: strikes }, (_, index) => random.pick(index === 0 ? VICTIMS.slice(0, 2) : VICTIMS)),
  }),
  play: async (lab, { victims }) => {
    const directory = await lab.stage.directory()
    const alice = lab.peer('alice', { directory: directory.url })
    const bob = lab.peer('bob', { directory: directory.url })
    const [alicePort, bobPort] = await Promise.all([freePort(), freePort()])
    await Promise.all([alice.start({ port: alicePort }), bob.start({ port: bobPort })])
    await lab.introduce(alice, bob)

    await directory.kill()
    lab.note('the directory is gone')
    const messages = Math.ceil(lab.size.messages / (2 * (victims.length + 1)))
    const talk = () => Promise.all([lab.talk(alice, bob, { messages }), lab.talk(bob, alice, { messages })])
    await talk()
    await lab.rest()
    const places = { alice: { peer: alice, port: alicePort }, bob: { peer: bob, port: bobPort } }
    for (const names of victims) {
      lab.note(`${names.join(' and ')} killed, and started again`)
      const struck = names.map((name) => places[name])
      await Promise.all(struck.map(({ peer }) => peer.kill()))
      for (const { peer, port } of struck) await peer.start({ isAlone: true, port })
      await talk()
      await lab.rest()
      lab.count('restarts without a directory')
    }
    await directory.restart()
    await Promise.all([alice.isOnline(), bob.isOnline()])
  },
})
