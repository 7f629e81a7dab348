// Lookups by honest clients while thousands of connections idle or dawdle beside them.
import type { Benchmark } from '#bench/benchmark.ts'
import type { Contestant } from '#bench/contestant.ts'
import { programOf } from '#bench/programs.ts'
import type { Row } from '#bench/report.ts'
import type { AskedFigures } from './ask-server.ts'
import { lookUp } from './lookup-benchmark.ts'
import { startParley } from './parley.ts'
import { populate } from './populate.ts'

const CROWD = 10_000

export function crowdBenchmark(users: number): Benchmark {
  const among = (id: string, name: string, crowd: number): Contestant<keyof AskedFigures> => ({
    id,
    name,
    measure: async (scene, load) => {
      const dataDir = scene.path('data')
      await populate(dataDir, users)
      const { child, port } = await startParley(scene, dataDir)
      const program = programOf('directory/crowd-client')
      const { child: others } = await scene.start({ name: 'crowd', program, args: [String(port)] })
      if (crowd > 0) {
        const { connections } = await others.ask('gather', { count: crowd })
        if ((connections ?? 0) < crowd * 0.9) throw new Error(`only ${connections} of ${crowd} connections are open`)
      }
      return lookUp(scene, { server: child, port, users, load })
    },
  })
  const alone = among('alone', 'nobody else', 0)
  const crowded = among('crowded', `${CROWD.toLocaleString('en-US')} idle and slow connections beside`, CROWD)
  return {
    name: 'crowd',
    summary: `lookups with ${CROWD} idle and slow connections beside`,
    contestants: [alone, crowded],
    report: (results) => ({
      title: 'Lookups by honest clients in a crowd',
      columns: [
        { title: 'requests/s', digits: 0 },
        { title: 'p50 µs', digits: 0 },
        { title: 'p99 µs', digits: 0 },
      ],
      rows: [alone, crowded].map(
        (contestant): Row => ({
          label: contestant.name,
          cells: [
            results.median(contestant, 'perSecond'),
            results.median(contestant, 'p50Micros'),
            results.median(contestant, 'p99Micros'),
          ],
        }),
      ),
      goals: [
        {
          label: 'p99 in the crowd ÷ p99 without',
          value: results.ratio([crowded, 'p99Micros'], [alone, 'p99Micros']),
          digits: 2,
          bound: { atMost: 2 },
        },
      ],
    }),
  }
}
