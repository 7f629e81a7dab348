// Many peers in one process: what each of them costs, and what they do together.
import type { Benchmark } from '#bench/benchmark.ts'
import type { Contestant } from '#bench/contestant.ts'
import { samplesOf } from '#bench/load.ts'
import { figureOf } from '#bench/note.ts'
import { programOf } from '#bench/programs.ts'

const MESSAGES_EACH = 50
/** 5 s, or less when the load is that small. */
const IDLE_STEPS = 50
const IDLE_STEP_MS = 100
const FIGURES = ['startMs', 'connectMs', 'mibEach', 'idleCpuPercent', 'perSecond'] as const
type Figure = (typeof FIGURES)[number]

export function crowdBenchmark(peers: number): Benchmark {
  const crowd: Contestant<Figure> = {
    id: 'parley-crowd',
    name: 'Parley',
    measure: async (scene, load) => {
      const { child, ready } = await scene.start({
        name: 'crowd',
        program: programOf('messages/parley-crowd'),
        args: [scene.path('crowd'), String(peers)],
      })
      const idle = await child.ask('idle', { ms: samplesOf(load, IDLE_STEPS) * IDLE_STEP_MS })
      const talk = await child.ask('talk', { messages: MESSAGES_EACH })
      await scene.end()
      return {
        startMs: figureOf(ready, 'startMs'),
        connectMs: figureOf(ready, 'connectMs'),
        mibEach: figureOf(ready, 'mibEach'),
        idleCpuPercent: figureOf(idle, 'cpuPercent'),
        perSecond: ((peers * MESSAGES_EACH) / figureOf(talk, 'ms')) * 1000,
      }
    },
  }

  return {
    name: 'crowd',
    summary: 'many peers in one process',
    contestants: [crowd],
    report: (results) => ({
      title: `${peers} peers in one process, each connected to the next, each with its own database`,
      columns: [{ title: '', digits: 2 }],
      rows: (
        [
          ['ms to start one, profile and keys made', 'startMs'],
          ['ms to connect one to the next', 'connectMs'],
          ['MiB of memory each', 'mibEach'],
          ['% of a processor while nobody talks', 'idleCpuPercent'],
          [`messages/s, each sends ${MESSAGES_EACH} to the next`, 'perSecond'],
        ] as const
      ).map(([label, figure]) => ({ label, cells: [results.median(crowd, figure)] })),
      goals: [],
    }),
  }
}
