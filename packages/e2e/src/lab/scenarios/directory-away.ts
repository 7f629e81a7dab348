import { freePort } from '#free-port.ts'
import { scenario } from '../scenario.ts'

interface Plan {
  /** Who is killed while the directory is away. */
  readonly victims: readonly ('alice' | 'bob')[]
}

export const directoryAway = scenario<Plan>({
  name: 'directory-away',
  summary:
    'people who know each other go on without the directory, also when they start again; others join when it is back',
  size: { messages: 200, strikes: 2 },
  plan: (random, { strikes }) => ({
    victims: Array.from({ length: strikes }, (_, index) =>
      index === 0 ? 'bob' : random.pick(['alice', 'bob'] as const),
    ),
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
    for (const name of victims) {
      const [victim, port] = name === 'alice' ? [alice, alicePort] : [bob, bobPort]
      lab.note(`${name} is killed and starts again`)
      await victim.kill()
      await victim.start({ isAlone: true, port })
      await talk()
      await lab.rest()
      lab.count('restarts without a directory')
    }

    await directory.restart()
    const carol = lab.peer('carol', { directory: directory.url })
    await carol.start()
    await lab.talk(carol, alice, { messages: 1 })
  },
})
