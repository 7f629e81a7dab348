// Many peers in this process, in a ring: each is connected to the next.
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createPeer, type Peer } from '@parley/peer-client'
import type { Numbers } from '#bench/note.ts'
import { figureOf } from '#bench/note.ts'
import { serveParent } from '#bench/serve-parent.ts'
import { takeUsage } from '#bench/usage.ts'
import { sendMany, settled } from './pour.ts'

const MIB = 1024 * 1024

const [, , directory = '', count = ''] = process.argv
const names = Array.from({ length: Number(count) }, (_, index) => `peer-${index}`)
const nextOf = (index: number) => (index + 1) % names.length

const before = takeUsage()
const peers: Peer[] = []
const startMs = await timed(async () => {
  for (const name of names)
    peers.push(await createPeer({ name, profile: join(directory, name), directory: null }).start())
})
const connectMs = await timed(async () => {
  for (const [index, peer] of peers.entries())
    await peer.connect(`127.0.0.1:${peers[nextOf(index)]?.address.port ?? 0}`)
})

async function idle(ms: number): Promise<Numbers> {
  const start = process.cpuUsage()
  await sleep(ms)
  const { user, system } = process.cpuUsage(start)
  return { cpuPercent: (user + system) / 10 / ms }
}

/** Each sends so many to the next; the time ends with the last tick. */
async function talk(numbers: Numbers): Promise<Numbers> {
  const ms = await timed(async () => {
    await Promise.all(
      peers.map(async (peer, index) => {
        let left = figureOf(numbers, 'messages')
        await sendMany(peer, names[nextOf(index)] ?? '', () => left-- > 0)
        await settled(peer)
      }),
    )
  })
  return { ms }
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

const rssBytes = figureOf(takeUsage(), 'rssBytes') - figureOf(before, 'rssBytes')
await serveParent(
  {
    startMs: startMs / peers.length,
    connectMs: connectMs / peers.length,
    mibEach: rssBytes / MIB / peers.length,
  },
  { idle: (numbers) => idle(figureOf(numbers, 'ms')), talk },
)
await Promise.all(peers.map((peer) => peer.stop()))
