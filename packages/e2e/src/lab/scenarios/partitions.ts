import { setTimeout as after } from 'node:timers/promises'
import { LinkProxy } from '#link-proxy.ts'
import { scenario } from '../scenario.ts'
import { moments, type Strike, talkUnderStrikes } from '../strikes.ts'

const KINDS = ['cut', 'silence', 'one way', 'silence, then cut', 'unreachable', 'dead behind a live link'] as const
const MAX_LASTS_MS = 800

interface Partition extends Strike {
  readonly kind: (typeof KINDS)[number]
  readonly lastsMs: number
}

export const partitions = scenario<readonly Partition[]>({
  name: 'partitions',
  summary: 'links that break, fall silent in one or both directions, lose what was under way, and heal',
  size: { messages: 240, strikes: 6 },
  plan: (random, { messages, strikes }) =>
    moments(strikes, messages, random).map((at, index) => ({
      at,
      // Each kind once before any comes again.
      kind: KINDS[index] ?? random.pick(KINDS),
      lastsMs: random.below(MAX_LASTS_MS),
    })),
  play: async (lab, strikes) => {
    // Each knows the other only through a proxy of its own, so that both can dial and both dials can fail.
    const toBob = lab.use(await LinkProxy.start(0))
    const toAlice = lab.use(await LinkProxy.start(0))
    const proxies = [toBob, toAlice]
    const alice = lab.peer('alice', { peers: [toBob.address], mayLiveHere: true })
    const bob = lab.peer('bob', { peers: [toAlice.address] })
    const startBob = async () => {
      toBob.farPort = await bob.start()
    }
    toAlice.farPort = await alice.start()
    await startBob()
    await alice.connect(toBob.address)
    await lab.introduce(alice, bob)

    const half = Math.ceil(lab.size.messages / 2)
    const talks = [
      { from: alice, to: bob, messages: half },
      { from: bob, to: alice, messages: half },
    ]
    await talkUnderStrikes(lab, talks, strikes, async ({ at, kind, lastsMs }) => {
      lab.note(`${kind} for ${lastsMs} ms at ${lab.books.progress.count}, meant for ${at}`)
      lab.count(kind)
      switch (kind) {
        case 'cut':
          for (const proxy of proxies) proxy.cut()
          break
        case 'unreachable':
          for (const proxy of proxies) {
            proxy.isRefusing = true
            proxy.cut()
          }
          await after(lastsMs)
          break
        case 'dead behind a live link': {
          for (const proxy of proxies) proxy.isDeaf = true
          await bob.kill()
          await after(lastsMs)
          await startBob()
          break
        }
        default:
          toBob.there.gate.close()
          toAlice.back.gate.close()
          if (kind !== 'one way') {
            toBob.back.gate.close()
            toAlice.there.gate.close()
          }
          await after(lastsMs)
          if (kind === 'silence, then cut') for (const proxy of proxies) proxy.cut()
      }
      for (const proxy of proxies) proxy.heal()
    })
  },
})
