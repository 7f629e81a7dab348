// GET /v1/search: one search at a time, by the beginning of a word and by a part of one.
import type { Benchmark } from '#bench/benchmark.ts'
import type { Contestant } from '#bench/contestant.ts'
import { figureOf } from '#bench/note.ts'
import { programOf } from '#bench/programs.ts'
import type { Goal } from '#bench/report.ts'
import { startParley } from './parley.ts'
import { populate } from './populate.ts'

const PER_SECOND = 200
const KINDS = ['beginning', 'part'] as const
type Kind = (typeof KINDS)[number]
type Figure = `${Kind}${'P50' | 'P99'}Millis`

const LABELS: Readonly<Record<Kind, string>> = {
  beginning: 'five letters that begin a word',
  part: 'five letters inside a word',
}

export function searchBenchmark(users: number): Benchmark {
  const parley: Contestant<Figure> = {
    id: 'parley',
    name: 'Parley',
    measure: async (scene, load) => {
      const dataDir = scene.path('data')
      await populate(dataDir, users, 'to be searched')
      const { port } = await startParley(scene, dataDir)
      const program = programOf('directory/search-client')
      const { child: client } = await scene.start({ name: 'client', program, args: [String(port), String(users)] })
      const count = 'messages' in load ? load.messages : load.seconds * PER_SECOND
      const millis: Partial<Record<Figure, number>> = {}
      for (const kind of KINDS) {
        await client.ask(kind, { count })
        const figures = await client.ask(kind, { count })
        millis[`${kind}P50Millis`] = figureOf(figures, 'p50Micros') / 1000
        millis[`${kind}P99Millis`] = figureOf(figures, 'p99Micros') / 1000
      }
      await scene.end()
      return millis as Record<Figure, number>
    },
  }
  return {
    name: 'search',
    summary: `GET /v1/search among ${users} users`,
    contestants: [parley],
    report: (results) => ({
      title: `Search among ${users.toLocaleString('en-US')} users, over HTTP, one at a time`,
      columns: [
        { title: 'p50 ms', digits: 2 },
        { title: 'p99 ms', digits: 2 },
      ],
      rows: KINDS.map((kind) => ({
        label: LABELS[kind],
        cells: [results.median(parley, `${kind}P50Millis`), results.median(parley, `${kind}P99Millis`)],
      })),
      goals: KINDS.flatMap((kind): Goal[] => [
        {
          label: `${LABELS[kind]}, p50 ms`,
          value: results.median(parley, `${kind}P50Millis`),
          digits: 2,
          bound: { atMost: 0.9 },
        },
        {
          label: `${LABELS[kind]}, p99 ms`,
          value: results.median(parley, `${kind}P99Millis`),
          digits: 2,
          bound: { atMost: 2 },
        },
      ]),
    }),
  }
}
