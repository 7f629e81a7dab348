// One change of presence told to 1,000 watchers, over and over: people leave one after the other.
import type { Benchmark } from '#bench/benchmark.ts'
import type { Contestant } from '#bench/contestant.ts'
import type { Load } from '#bench/load.ts'
import { figureOf, type Numbers } from '#bench/note.ts'
import { programOf } from '#bench/programs.ts'
import type { Row } from '#bench/report.ts'
import type { Scene } from '#bench/scene.ts'
import { startParley } from './parley.ts'

const WATCHERS = 1_000
/** Events that nobody waits for before the next one. */
const IN_FLIGHT = 64
const EVENTS_PER_SECOND = 100
/** As many as a connection may watch. */
const MAX_EVENTS = 1_000

type Figure = 'perSecond' | 'serverMicros'

const rawTcp: Contestant<Figure> = {
  id: 'raw-tcp',
  name: 'raw TCP, one write per event and watcher',
  measure: async (scene, load) => {
    const program = programOf('directory/raw-sockets')
    const { child, ready } = await scene.start({ name: 'server', program, args: [] })
    return tell(scene, { server: child, kind: 'baseline', ready, load })
  },
}

const parley: Contestant<Figure> = {
  id: 'parley',
  name: 'Parley: people leave, their watchers are told',
  measure: async (scene, load) => {
    const { child, port } = await startParley(scene, scene.path('data'), { isQuiet: true })
    return tell(scene, { server: child, kind: 'directory', ready: { port, eventPort: 0 }, load })
  },
}

interface Telling {
  readonly server: Awaited<ReturnType<Scene['start']>>['child']
  readonly kind: 'baseline' | 'directory'
  readonly ready: Numbers
  readonly load: Load
}

async function tell(scene: Scene, { server, kind, ready, load }: Telling): Promise<Readonly<Record<Figure, number>>> {
  const events = Math.min(MAX_EVENTS, 'messages' in load ? load.messages : load.seconds * EVENTS_PER_SECOND)
  const args = [kind, figureOf(ready, 'port'), figureOf(ready, 'eventPort'), WATCHERS, events].map(String)
  const program = programOf('directory/fan-out-client')
  const { child: client } = await scene.start({ name: 'client', program, args })
  const before = await server.ask('usage')
  const ms = figureOf(await client.ask('tell', { events, inFlight: IN_FLIGHT }), 'ms')
  const after = await server.ask('usage')
  await scene.end()
  const deliveries = events * WATCHERS
  return {
    perSecond: (deliveries / ms) * 1000,
    serverMicros: (figureOf(after, 'cpuMicros') - figureOf(before, 'cpuMicros')) / deliveries,
  }
}

export const fanOutBenchmark: Benchmark = {
  name: 'fan-out',
  summary: `changes of presence told to ${WATCHERS} watchers`,
  contestants: [rawTcp, parley],
  report: (results) => ({
    title: `Changes of presence, each told to ${WATCHERS.toLocaleString('en-US')} watchers, ${IN_FLIGHT} under way`,
    columns: [
      { title: 'deliveries/s', digits: 0 },
      { title: '× raw TCP', digits: 2 },
      { title: 'CPU µs, server', digits: 2 },
    ],
    rows: [rawTcp, parley].map(
      (contestant): Row => ({
        label: contestant.name,
        cells: [
          results.median(contestant, 'perSecond'),
          results.ratio([contestant, 'perSecond'], [rawTcp, 'perSecond']),
          results.median(contestant, 'serverMicros'),
        ],
      }),
    ),
    goals: [
      {
        label: 'presence ÷ raw TCP with one write per event',
        value: results.ratio([parley, 'perSecond'], [rawTcp, 'perSecond']),
        digits: 2,
        bound: { atLeast: 6 },
      },
    ],
  }),
}
