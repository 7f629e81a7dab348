import { cp, rm } from 'node:fs/promises'
import { freePort } from '#free-port.ts'
import { scenario } from '../scenario.ts'

interface Plan {
  /**
   * How many messages alice writes after each copy is made, which she has forgotten when it is put back. A second copy within an hour is
   * mended only when that hour is over: a peer that lies must not make her begin anew again and again.
   */
  readonly forgotten: readonly number[]
}

export const restoredCopy = scenario<Plan>({
  name: 'restored-copy',
  summary:
    'a profile is put back to a copy of yesterday: what it forgot stays where it arrived, and what is written then arrives once',
  size: { messages: 120, strikes: 1 },
  isQuick: false,
  plan: (random, { messages, strikes }) => ({
    forgotten: Array.from({ length: strikes }, () => 1 + random.below(Math.ceil(messages / (2 * strikes)))),
  }),
  play: async (lab, { forgotten }) => {
    const port = await freePort()
    const alice = lab.peer('alice')
    const bob = lab.peer('bob', { peers: [`127.0.0.1:${port}`] })
    await alice.start({ port })
    await bob.start()
    await bob.connect(`127.0.0.1:${port}`)
    await lab.introduce(alice, bob)
    const messages = Math.ceil(lab.size.messages / (2 * (forgotten.length + 1)))
    await Promise.all([lab.talk(alice, bob, { messages }), lab.talk(bob, alice, { messages })])
    await lab.rest()
    for (const [index, count] of forgotten.entries()) {
      await lab.atRest()
      const copy = lab.stage.path(`copy-${index}`)
      await alice.stop()
      const place = alice.place
      await cp(alice.profile, copy, { recursive: true })
      await alice.start({ port })
      await lab.talk(alice, bob, { messages: count })
      await lab.rest()
      await alice.kill()
      lab.books.forget(count)
      await rm(alice.profile, { recursive: true })
      await cp(copy, alice.profile, { recursive: true })
      alice.rewind(place)
      lab.note(`alice is put back to before her last ${count} messages`)
      lab.count('profiles put back')
      await alice.start({ port })
      await Promise.all([lab.talk(alice, bob, { messages }), lab.talk(bob, alice, { messages })])
      await lab.rest()
    }
  },
})
