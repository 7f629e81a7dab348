// PUT /v1/users/{name}: a new account each time, its record and certificate verified, answered when it is on disk.
import type { Benchmark } from '#bench/benchmark.ts'
import type { Child } from '#bench/child.ts'
import type { Contestant } from '#bench/contestant.ts'
import type { Load } from '#bench/load.ts'
import { figureOf } from '#bench/note.ts'
import { programOf } from '#bench/programs.ts'
import type { Goal, Row } from '#bench/report.ts'
import type { Scene } from '#bench/scene.ts'
import { type AskedFigures, askServer } from './ask-server.ts'
import { startParley } from './parley.ts'

const MANY = 64

/** Records are signed before, so it is a number of them and not a time: about what a directory takes in a second. */
const PER_SECOND = { one: 400, many: 2_000 }

type Figure = 'one' | 'many' | 'oneP50Micros' | 'oneP99Micros' | 'manyP50Micros' | 'manyP99Micros' | 'manyServerMicros'

const nodeMap: Contestant<Figure> = {
  id: 'node-map',
  name: 'node:http + Map, nothing checked, nothing kept',
  measure: async (scene, load) => {
    const program = programOf('directory/node-map')
    const { child, ready } = await scene.start({ name: 'server', program, args: ['0'] })
    return registerAt(scene, { server: child, kind: 'baseline', port: figureOf(ready, 'port'), load })
  },
}

const parley: Contestant<Figure> = {
  id: 'parley',
  name: 'Parley: two signatures checked, fsynced',
  measure: async (scene, load) => {
    const { child, port } = await startParley(scene, scene.path('data'))
    return registerAt(scene, { server: child, kind: 'directory', port, load })
  },
}

interface Registrations {
  readonly server: Child
  readonly kind: 'baseline' | 'directory'
  readonly port: number
  readonly load: Load
}

async function registerAt(
  scene: Scene,
  { server, kind, port, load }: Registrations,
): Promise<Readonly<Record<Figure, number>>> {
  const program = programOf('directory/registration-client')
  const { child: client } = await scene.start({ name: 'client', program, args: [kind, String(port)] })
  const measure = async (inFlight: number, perSecond: number): Promise<AskedFigures> => {
    const count = 'messages' in load ? load.messages : load.seconds * perSecond
    await client.ask('sign', { count: 2 * count })
    return askServer({
      server,
      client,
      question: 'register',
      warmUp: { count, inFlight },
      load: { count, inFlight },
    })
  }
  const many = await measure(MANY, PER_SECOND.many)
  const one = await measure(1, PER_SECOND.one)
  await scene.end()
  return {
    one: one.perSecond,
    oneP50Micros: one.p50Micros,
    oneP99Micros: one.p99Micros,
    many: many.perSecond,
    manyP50Micros: many.p50Micros,
    manyP99Micros: many.p99Micros,
    manyServerMicros: many.serverMicros,
  }
}

export const registrationBenchmark: Benchmark = {
  name: 'registration',
  summary: `PUT /v1/users/{name} of new accounts, durable, at 1 and ${MANY} in flight`,
  contestants: [nodeMap, parley],
  report: (results) => {
    const ratio = (figure: 'one' | 'many') => results.ratio([parley, figure], [nodeMap, figure])
    return {
      title: 'Registration of new accounts',
      columns: [
        { title: 'one at a time /s', digits: 0 },
        { title: '× node:http', digits: 2 },
        { title: 'p50 µs', digits: 0 },
        { title: 'p99 µs', digits: 0 },
        { title: `${MANY} at a time /s`, digits: 0 },
        { title: '× node:http', digits: 2 },
        { title: 'p99 µs', digits: 0 },
        { title: 'CPU µs, server', digits: 0 },
      ],
      rows: [nodeMap, parley].map(
        (contestant): Row => ({
          label: contestant.name,
          cells: [
            results.median(contestant, 'one'),
            results.ratio([contestant, 'one'], [nodeMap, 'one']),
            results.median(contestant, 'oneP50Micros'),
            results.median(contestant, 'oneP99Micros'),
            results.median(contestant, 'many'),
            results.ratio([contestant, 'many'], [nodeMap, 'many']),
            results.median(contestant, 'manyP99Micros'),
            results.median(contestant, 'manyServerMicros'),
          ],
        }),
      ),
      goals: (['one', 'many'] as const).map(
        (figure): Goal => ({
          label: `registration ÷ node:http + Map, ${figure === 'one' ? 'one' : MANY} at a time`,
          value: ratio(figure),
          digits: 2,
          bound: { atLeast: 0.25 },
        }),
      ),
    }
  },
}
