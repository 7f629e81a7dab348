import { setTimeout as after } from 'node:timers/promises'
import { Namespace } from '#namespace.ts'
import { scenario } from '../scenario.ts'
import { moments, type Strike, talkUnderStrikes } from '../strikes.ts'

const ALICE = '10.77.0.1'
const BOB = '10.77.0.2'
const MAX_LASTS_MS = 700
/** Where nobody lives: packets sent there vanish, and nobody hears of it. */
const NOBODY = '02:00:00:00:00:99'

interface Loss extends Strike {
  readonly kind: 'all of alice' | 'all of bob' | 'all' | 'the cable'
  readonly lastsMs: number
}

const KINDS = ['all of alice', 'all of bob', 'all', 'the cable'] as const

export const lostPackets = scenario<readonly Loss[]>({
  name: 'lost-packets',
  summary: 'two network namespaces, where packets of one or both sides vanish without a word, and the cable is pulled',
  needs: ['namespaces'],
  size: { messages: 200, strikes: 4 },
  plan: (random, { messages, strikes }) =>
    moments(strikes, messages, random).map((at, index) => ({
      at,
      kind: KINDS[index] ?? random.pick(KINDS),
      lastsMs: random.below(MAX_LASTS_MS),
    })),
  play: async (lab, strikes) => {
    const here = await Namespace.open(lab.stage, ['net'])
    const there = await Namespace.open(lab.stage, ['net'], here)
    await here.run('ip', 'link', 'add', 'cable', 'type', 'veth', 'peer', 'name', 'cable', 'netns', String(there.pid))
    for (const [side, address] of [[here, ALICE] as const, [there, BOB] as const]) {
      await side.run('ip', 'address', 'add', `${address}/24`, 'dev', 'cable')
      await side.run('ip', 'link', 'set', 'cable', 'up')
      await side.run('ip', 'link', 'set', 'lo', 'up')
    }
    const bob = lab.peer('bob', { host: BOB, surroundings: { under: there.under } })
    const address = `${BOB}:${await bob.start()}`
    const alice = lab.peer('alice', { host: ALICE, peers: [address], surroundings: { under: here.under } })
    await alice.start()
    await alice.connect(address)
    await lab.introduce(alice, bob)

    const lose = (side: Namespace, to: string) =>
      side.run('ip', 'neighbour', 'replace', to, 'lladdr', NOBODY, 'nud', 'permanent', 'dev', 'cable')
    const findAgain = (side: Namespace, to: string) =>
      side.run('ip', 'neighbour', 'delete', to, 'dev', 'cable').catch(() => undefined)
    const half = Math.ceil(lab.size.messages / 2)
    const talks = [
      { from: alice, to: bob, messages: half },
      { from: bob, to: alice, messages: half },
    ]
    await talkUnderStrikes(lab, talks, strikes, async ({ at, kind, lastsMs }) => {
      lab.note(`${kind} lost for ${lastsMs} ms at ${lab.books.progress.count}, meant for ${at}`)
      lab.count(`${kind} lost`)
      if (kind === 'the cable') await here.run('ip', 'link', 'set', 'cable', 'down')
      if (kind === 'all' || kind === 'all of alice') await lose(here, BOB)
      if (kind === 'all' || kind === 'all of bob') await lose(there, ALICE)
      await after(lastsMs)
      if (kind === 'the cable') await here.run('ip', 'link', 'set', 'cable', 'up')
      else await Promise.all([findAgain(here, BOB), findAgain(there, ALICE)])
    })
  },
})
