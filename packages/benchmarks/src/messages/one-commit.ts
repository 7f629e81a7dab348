// Baseline: one row of the size of a message in a transaction of its own, made durable by fsync before the next one.

import Sqlite from 'better-sqlite3'
import type { Contestant } from '#bench/contestant.ts'
import { figureOf } from '#bench/note.ts'
import { serveParent } from '#bench/serve-parent.ts'
import { quantile } from '#bench/statistics.ts'
import { MESSAGE_BYTES } from './flow.ts'

const WARM_UP = 200
const SAMPLES = 2_000

export const oneCommit: Contestant<'p50Micros' | 'p99Micros'> = {
  id: 'one-commit',
  name: 'one row, one fsynced commit (SQLite, WAL, FULL)',
  measure: async (scene) => {
    const args = [scene.path('commits.db')]
    const { child } = await scene.start({ name: 'committer', program: new URL(import.meta.url), args })
    await child.ask('commit', { commits: WARM_UP })
    const figures = await child.ask('commit', { commits: SAMPLES })
    await scene.end()
    return { p50Micros: figureOf(figures, 'p50Micros'), p99Micros: figureOf(figures, 'p99Micros') }
  },
}

if (import.meta.main) {
  const database = new Sqlite(process.argv[2])
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = FULL')
  database.exec('CREATE TABLE rows (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT')
  const insert = database.prepare<[Uint8Array]>('INSERT INTO rows (bytes) VALUES (?)')
  const bytes = Buffer.alloc(MESSAGE_BYTES, 'm')
  await serveParent(
    {},
    {
      commit: (numbers) => {
        const samples: number[] = []
        for (let left = figureOf(numbers, 'commits'); left > 0; left -= 1) {
          const start = performance.now()
          insert.run(bytes)
          samples.push((performance.now() - start) * 1000)
        }
        return { p50Micros: quantile(samples, 0.5), p99Micros: quantile(samples, 0.99) }
      },
    },
  )
  database.close()
}
