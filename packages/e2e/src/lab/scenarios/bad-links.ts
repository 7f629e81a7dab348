import { setTimeout as after } from 'node:timers/promises'
import { eventually } from '#eventually.ts'
import { LinkProxy, type Way } from '#link-proxy.ts'
import { scenario } from '../scenario.ts'
import { moments, type Strike, talkUnderStrikes } from '../strikes.ts'

const KINDS = ['slow', 'narrow', 'byte by byte', 'a bit turned over', 'cut in the middle', 'frozen'] as const

interface Badness extends Strike {
  readonly kind: (typeof KINDS)[number]
  readonly way: 'there' | 'back'
  /** Milliseconds, bytes or both, as the kind needs it. */
  readonly amount: number
}

const MAX_AMOUNT = 1_000
/** For bytes that may not come, while the talk waits for the strike. */
const MAX_WAIT_MS = 2_000

export const badLinks = scenario<readonly Badness[]>({
  name: 'bad-links',
  summary:
    'a link that delays, throttles, splits at every byte, turns bits over, freezes and breaks in the middle of a frame',
  size: { messages: 240, strikes: 6 },
  plan: (random, { messages, strikes }) =>
    moments(strikes, messages, random).map((at, index) => ({
      at,
      kind: KINDS[index] ?? random.pick(KINDS),
      way: random.pick(['there', 'back'] as const),
      amount: random.below(MAX_AMOUNT),
    })),
  play: async (lab, strikes) => {
    const proxy = lab.use(await LinkProxy.start(0))
    const alice = lab.peer('alice', { peers: [proxy.address], mayLiveHere: true })
    const bob = lab.peer('bob', { mayLiveHere: true })
    proxy.farPort = await bob.start()
    await alice.start()
    await alice.connect(proxy.address)
    await lab.introduce(alice, bob)

    const half = Math.ceil(lab.size.messages / 2)
    const talks = [
      { from: alice, to: bob, messages: half },
      { from: bob, to: alice, messages: half },
    ]
    await talkUnderStrikes(lab, talks, strikes, async ({ at, kind, way: direction, amount }) => {
      lab.note(`${kind} (${amount}, ${direction}) at ${lab.books.progress.count}, meant for ${at}`)
      lab.count(kind)
      const way = proxy[direction]
      switch (kind) {
        case 'slow':
          way.delayMs = 20 + amount / 10
          await carried(way, 5_000)
          break
        case 'narrow':
          way.bytesPerSecond = 5_000 + 20 * amount
          await carried(way, 5_000)
          break
        case 'byte by byte':
          way.splitBytes = 5_000
          await carried(way, 5_000)
          break
        case 'a bit turned over':
          way.corruptAfterBytes = amount
          await dialledAgain(proxy)
          break
        case 'cut in the middle':
          await carried(way, amount)
          proxy.cut()
          await dialledAgain(proxy)
          break
        case 'frozen':
          way.gate.close()
          await after(amount)
      }
      proxy.heal()
    })
  },
})

/** Resolves when the link broke and another was asked for. */
async function dialledAgain(proxy: LinkProxy): Promise<void> {
  const { dials } = proxy
  await eventually('another link', () => (proxy.dials > dials ? true : undefined))
}

/** Resolves when so many bytes more came through, or after a while in which they did not. */
async function carried(way: Way, bytes: number): Promise<void> {
  const enough = way.bytes + bytes
  const late = performance.now() + MAX_WAIT_MS
  while (way.bytes < enough && performance.now() < late) await after(20)
}
