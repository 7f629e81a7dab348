// Very many messages in one conversation: what they take of memory and disk, and how quickly one finds one's way in them.
import type { Benchmark } from '#bench/benchmark.ts'
import type { Contestant } from '#bench/contestant.ts'
import { directoryBytes } from '#bench/directory-bytes.ts'
import { samplesOf } from '#bench/load.ts'
import { figureOf, type Numbers } from '#bench/note.ts'
import { startPeers, verify } from './parley.ts'

const MIB = 1024 * 1024
const MAX_WARM_UP = 20_000
const LOOKS = 500

const SEARCHES = [
  ['word', 'search, a word'],
  ['words', 'search, two words'],
  ['phrase', 'search, two words side by side'],
  ['beginning', 'search, the first three letters of a word'],
] as const

const FIGURES = [
  'perSecond',
  'senderFirstMiBPer100k',
  'receiverFirstMiBPer100k',
  'senderMiBPer100k',
  'receiverMiBPer100k',
  'senderMiB',
  'receiverMiB',
  'senderDiskMiBPer100k',
  'receiverDiskMiBPer100k',
  'newestP50Micros',
  'newestP99Micros',
  'anywhereP50Micros',
  'anywhereP99Micros',
  'senderIndexSeconds',
  'receiverIndexSeconds',
  'wordP50Micros',
  'wordP99Micros',
  'wordsP50Micros',
  'wordsP99Micros',
  'phraseP50Micros',
  'phraseP99Micros',
  'beginningP50Micros',
  'beginningP99Micros',
] as const
type Figure = (typeof FIGURES)[number]

type End = 'sender' | 'receiver'
type Usages = Readonly<Record<End, Numbers>>

/**
 * Memory is taken at the start, half-way and in the end: a process first grows to a size that it keeps, of V8's pages and malloc's
 * arenas, over hundreds of thousands of messages. What messages leave behind shows in the second half.
 */
export function bulkBenchmark(messages: number): Benchmark {
  const warmUp = Math.min(MAX_WARM_UP, messages)
  const bulk: Contestant<Figure> = {
    id: 'parley-bulk',
    name: 'Parley',
    measure: async (scene, load) => {
      const looks = samplesOf(load, LOOKS)
      const { sender, receiver } = await startPeers(scene)
      const half = Math.ceil(messages / 2)
      const usages = async () => ({ sender: await sender.ask('usage'), receiver: await receiver.ask('usage') })
      await sender.ask('prepare', { messages })
      await sender.ask('pour', { messages: warmUp })
      const before = await usages()
      const first = await sender.ask('bulk', { messages: half })
      const between = await usages()
      const second = await sender.ask('bulk', { messages: messages - half })
      const after = await usages()
      const mib = (usage: Usages, end: End) => figureOf(usage[end], 'rssBytes') / MIB
      const growth = (end: End, from: Usages, to: Usages) =>
        ((mib(to, end) - mib(from, end)) / (messages / 2)) * 100_000
      const pages = await sender.ask('pages', { looks })
      const index = { sender: await sender.ask('index'), receiver: await receiver.ask('index') }
      const found = await sender.ask('search', { looks })
      await scene.end()
      const disk = async (end: string) =>
        ((await directoryBytes(scene.path(end))) / MIB / (warmUp + messages)) * 100_000
      const figures = {
        perSecond: (messages / (figureOf(first, 'ms') + figureOf(second, 'ms'))) * 1000,
        senderFirstMiBPer100k: growth('sender', before, between),
        receiverFirstMiBPer100k: growth('receiver', before, between),
        senderMiBPer100k: growth('sender', between, after),
        receiverMiBPer100k: growth('receiver', between, after),
        senderMiB: mib(after, 'sender'),
        receiverMiB: mib(after, 'receiver'),
        senderDiskMiBPer100k: await disk('sender'),
        receiverDiskMiBPer100k: await disk('receiver'),
        newestP50Micros: figureOf(pages, 'newestP50Micros'),
        newestP99Micros: figureOf(pages, 'newestP99Micros'),
        anywhereP50Micros: figureOf(pages, 'anywhereP50Micros'),
        anywhereP99Micros: figureOf(pages, 'anywhereP99Micros'),
        senderIndexSeconds: figureOf(index.sender, 'ms') / 1000,
        receiverIndexSeconds: figureOf(index.receiver, 'ms') / 1000,
        wordP50Micros: figureOf(found, 'wordP50Micros'),
        wordP99Micros: figureOf(found, 'wordP99Micros'),
        wordsP50Micros: figureOf(found, 'wordsP50Micros'),
        wordsP99Micros: figureOf(found, 'wordsP99Micros'),
        phraseP50Micros: figureOf(found, 'phraseP50Micros'),
        phraseP99Micros: figureOf(found, 'phraseP99Micros'),
        beginningP50Micros: figureOf(found, 'beginningP50Micros'),
        beginningP99Micros: figureOf(found, 'beginningP99Micros'),
      }
      await verify(scene, warmUp + messages)
      return figures
    },
  }
  return {
    name: 'bulk',
    summary: 'memory, disk, history and search of very many messages',
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
          label: 'MiB of memory more per 100,000, first half',
          cells: [results.median(bulk, 'senderFirstMiBPer100k'), results.median(bulk, 'receiverFirstMiBPer100k')],
        },
        {
          label: 'MiB of memory more per 100,000, second half',
          cells: [results.median(bulk, 'senderMiBPer100k'), results.median(bulk, 'receiverMiBPer100k')],
        },
        {
          label: 'MiB of memory in the end',
          cells: [results.median(bulk, 'senderMiB'), results.median(bulk, 'receiverMiB')],
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
        {
          label: 's until all are in the index, at leisure',
          cells: [results.median(bulk, 'senderIndexSeconds'), results.median(bulk, 'receiverIndexSeconds')],
        },
        ...SEARCHES.map(([kind, label]) => ({
          label,
          cells: [
            undefined,
            undefined,
            results.median(bulk, `${kind}P50Micros`),
            results.median(bulk, `${kind}P99Micros`),
          ],
        })),
      ],
      goals: (['sender', 'receiver'] as const).map((end) => ({
        label: `${end}, MiB more per 100,000 messages once it has grown to its size`,
        value: results.median(bulk, `${end}MiBPer100k`),
        digits: 2,
        bound: { atMost: 1 },
      })),
    }),
  }
}
