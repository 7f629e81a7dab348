// Baseline: one row of the size of a message in a transaction of its own, made durable by fsync before the next one.
import type { Contestant } from '#bench/contestant.ts'
import { samplesOf } from '#bench/load.ts'
import { figureOf } from '#bench/note.ts'
import { programOf } from '#bench/programs.ts'

const WARM_UP = 200
const SAMPLES = 2_000

export const oneCommit: Contestant<'p50Micros' | 'p99Micros'> = {
  id: 'one-commit',
  name: 'one row, one fsynced commit (SQLite, WAL, FULL)',
  measure: async (scene, load) => {
    const args = [scene.path('commits.db')]
    const { child } = await scene.start({ name: 'committer', program: programOf('messages/committer'), args })
    await child.ask('commit', { commits: samplesOf(load, WARM_UP) })
    const figures = await child.ask('commit', { commits: samplesOf(load, SAMPLES) })
    await scene.end()
    return { p50Micros: figureOf(figures, 'p50Micros'), p99Micros: figureOf(figures, 'p99Micros') }
  },
}
