// Very many messages in one conversation: what they take of memory and disk, and how quickly one finds one's way in them.
import type { Benchmark } from '#bench/benchmark.ts'
import type { Contestant } from '#bench/contestant.ts'
import { directoryBytes } from '#bench/directory-bytes.ts'
import { figureOf } from '#bench/note.ts'
import { startPeers, verify } from './parley.ts'

const MIB = 1024 * 1024
const MAX_WARM_UP = 20_000
const LOOKS = 500

const FIGURES = [
  'perSecond',
  'senderMiBPer100k',
  'receiverMiBPer100k',
  'senderDiskMiBPer100k',
  'receiverDiskMiBPer100k',
  'newestP50Micros',
  'newestP99Micros',
  'anywhereP50Micros',
  'anywhereP99Micros',
] as const
type Figure = (typeof FIGURES)[number]

export function bulkBenchmark(messages: number): Benchmark {
  const warmUp = Math.min(MAX_WARM_UP, messages)
  const bulk: Contestant<Figure> = {
    id: 'parley-bulk',
    name: 'Parley',
    measure: async (scene) => {
      const { sender, receiver } = await startPeers(scene)
      await sender.ask('pour', { messages: warmUp })
      const before = { sender: await sender.ask('usage'), receiver: await receiver.ask('usage') }
      const poured = await sender.ask('bulk', { messages })
      const after = { sender: await sender.ask('usage'), receiver: await receiver.ask('usage') }
      const growth = (end: 'sender' | 'receiver') =>
        ((figureOf(after[end], 'rssBytes') - figureOf(before[end], 'rssBytes')) / MIB / messages) * 100_000
      const looks = await sender.ask('pages', { looks: LOOKS })
      await scene.end()
      const disk = async (end: string) =>
        ((await directoryBytes(scene.path(end))) / MIB / (warmUp + messages)) * 100_000
      const figures = {
        perSecond: (messages / figureOf(poured, 'ms')) * 1000,
        senderMiBPer100k: growth('sender'),
        receiverMiBPer100k: growth('receiver'),
        senderDiskMiBPer100k: await disk('sender'),
        receiverDiskMiBPer100k: await disk('receiver'),
        newestP50Micros: figureOf(looks, 'newestP50Micros'),
        newestP99Micros: figureOf(looks, 'newestP99Micros'),
        anywhereP50Micros: figureOf(looks, 'anywhereP50Micros'),
        anywhereP99Micros: figureOf(looks, 'anywhereP99Micros'),
      }
      await verify(scene, warmUp + messages)
      return figures
    },
  }
  return {
    name: 'bulk',
    summary: 'memory, disk and history of very many messages',
    contestants: [bulk],
    report: (results) => ({
      title: `${messages.toLocaleString('en')} messages in one conversation`,
      columns: [
        { title: 'sender', digits: 2 },
        { title: 'receiver', digits: 2 },
        { title: 'p50 µs', digits: 0 },
        { title: 'p99 µs', digits: 0 },
      ],
      rows: [
        { label: 'messages/s, to the last tick', cells: [results.median(bulk, 'perSecond')] },
        {
          label: 'MiB of memory more per 100,000',
          cells: [results.median(bulk, 'senderMiBPer100k'), results.median(bulk, 'receiverMiBPer100k')],
        },
        {
          label: 'MiB of disk per 100,000',
          cells: [results.median(bulk, 'senderDiskMiBPer100k'), results.median(bulk, 'receiverDiskMiBPer100k')],
        },
        {
          label: 'history, the newest 50',
          cells: [
            undefined,
            undefined,
            results.median(bulk, 'newestP50Micros'),
            results.median(bulk, 'newestP99Micros'),
          ],
        },
        {
          label: 'history, 50 from anywhere',
          cells: [
            undefined,
            undefined,
            results.median(bulk, 'anywhereP50Micros'),
            results.median(bulk, 'anywhereP99Micros'),
          ],
        },
      ],
      goals: (['sender', 'receiver'] as const).map((end) => ({
        label: `${end}, MiB more per 100,000 messages`,
        value: results.median(bulk, `${end}MiBPer100k`),
        digits: 2,
        bound: { atMost: 1 },
      })),
    }),
  }
}
