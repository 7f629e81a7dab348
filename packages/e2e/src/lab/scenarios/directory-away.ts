import { freePort } from '#free-port.ts'
import { scenario } from '../scenario.ts'

const VICTIMS = ['alice', 'bob', 'both'] as const

interface Plan {
  /** Who is killed and starts again while the directory is away. */
  readonly victims: readonly (typeof VICTIMS)[number][]
}

export const directoryAway = scenario<Plan>({
  name: 'directory-away',
  summary: 'people who know each other go on without the directory, also when they start again, and find it when it is back',
  size: { messages: 100, strikes: 1 },
  plan: (random, { strikes }) => ({
    victims: Array.from({ length: strikes }, (_, index) => (index === 0 ? 'both' : random.pick(VICTIMS))),
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
    for (const who of victims) {
      lab.note(`${who} killed, and started again`)
      const struck = [
        ...(who === 'bob' ? [] : [{ peer: alice, port: alicePort }]),
        ...(who === 'alice' ? [] : [{ peer: bob, port: bobPort }]),
      ]
      await Promise.all(struck.map(({ peer }) => peer.kill()))
      await Promise.all(struck.map(({ peer, port }) => peer.start({ isAlone: true, port })))
      await talk()
      await lab.rest()
      lab.count('restarts without a directory')
    }
    await directory.restart()
    await Promise.all([alice.isOnline(), bob.isOnline()])
  },
})
