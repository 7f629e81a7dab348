import { cp } from 'node:fs/promises'
import { eventually } from '#eventually.ts'
import { freePort } from '#free-port.ts'
import { scenario } from '../scenario.ts'

const TOLD = 'two processes use this profile'

interface Plan {
  /** How many messages the original and the copy write while both run. */
  readonly original: number
  readonly copy: number
}

export const clonedProfile = scenario<Plan>({
  name: 'cloned-profile',
  summary:
    'a copy of a profile runs beside the original: both are told, nothing is shown twice, and without the copy all is well again',
  size: { messages: 60, strikes: 1 },
  isQuick: false,
  plan: (random, { messages }) => ({ original: 1 + random.below(messages), copy: 1 + random.below(messages) }),
  play: async (lab, { original, copy }) => {
    const port = await freePort()
    const address = `127.0.0.1:${port}`
    const bob = lab.peer('bob')
    const alice = lab.peer('alice', { peers: [address] })
    await bob.start({ port })
    await alice.start()
    await alice.connect(address)
    await lab.introduce(alice, bob)
    await lab.atRest()
    await alice.stop()
    const profile = lab.stage.path('copy')
    await cp(alice.profile, profile, { recursive: true })

    const twin = lab.twin(alice, profile, { peers: [address] })
    await Promise.all([alice.start(), twin.start()])
    const writing = lab.talk(alice, bob, { messages: original })
    // Nobody promises anything about what a copy writes, but that it is not shown twice.
    const straying = lab.stray(twin, bob, copy)
    await eventually('a word that the profile was copied', async () =>
      (await alice.countLogged(TOLD)) + (await twin.countLogged(TOLD)) > 0 ? true : undefined,
    )
    await straying
    await writing
    await twin.kill()
    // What the word asks for: one is stopped for good, the other begins anew.
    await alice.kill()
    await alice.start()
    lab.count('copies')
  },
})
