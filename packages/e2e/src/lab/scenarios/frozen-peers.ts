import { LinkProxy } from '#link-proxy.ts'
import { must } from '../lab-failure.ts'
import { scenario } from '../scenario.ts'

const PADDING = 4_000
const MIB = 1024 * 1024
/** What the process may grow by; what waits for somebody who does not read is on the disk. */
const MAX_GROWTH_BYTES = 64 * MIB

interface Plan {
  readonly isSlowFirst: boolean
  readonly bytesPerSecond: number
}

export const frozenPeers = scenario<Plan>({
  name: 'frozen-peers',
  summary:
    'one peer is frozen (SIGSTOP), one reads slowly: a third is not delayed, memory stays flat, and in the end all have all',
  size: { messages: 300, strikes: 1 },
  plan: (random) => ({ isSlowFirst: random.below(2) === 1, bytesPerSecond: 20_000 + random.below(40_000) }),
  play: async (lab, { isSlowFirst, bytesPerSecond }) => {
    const toSlow = lab.use(await LinkProxy.start(0))
    const frozen = lab.peer('frozen')
    const slow = lab.peer('slow', { mayLiveHere: true })
    const healthy = lab.peer('healthy', { mayLiveHere: true })
    const [frozenPort, slowPort, healthyPort] = await Promise.all([frozen.start(), slow.start(), healthy.start()])
    toSlow.farPort = slowPort
    const addresses = [`127.0.0.1:${frozenPort}`, toSlow.address, `127.0.0.1:${healthyPort}`]
    const alice = lab.peer('alice', { peers: addresses })
    await alice.start()
    await Promise.all(addresses.map((address) => alice.connect(address)))
    for (const peer of [frozen, slow, healthy]) await lab.introduce(alice, peer)

    const { rssBytes: before } = await alice.status()
    await frozen.signal('SIGSTOP')
    toSlow.there.bytesPerSecond = bytesPerSecond
    const messages = Math.ceil(lab.size.messages / 3)
    const stuck = isSlowFirst ? [slow, frozen] : [frozen, slow]
    const waiting = stuck.map((peer) => lab.talk(alice, peer, { messages, padding: PADDING }))
    await lab.talk(alice, healthy, { messages, padding: PADDING })
    await lab.rest('healthy')
    await Promise.all(waiting)
    const { rssBytes, pending } = await alice.status()
    must(pending >= messages, 'the frozen peer is said to have what it cannot have read')
    const grown = rssBytes - before
    lab.figures['growth of the sender, MiB'] = Math.round(grown / MIB)
    must(grown < MAX_GROWTH_BYTES, `the sender grew by ${Math.round(grown / MIB)} MiB while others did not read`)
    await frozen.signal('SIGCONT')
    toSlow.heal()
  },
})
