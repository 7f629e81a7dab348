// The process of the baseline one-commit.ts.
import Sqlite from 'better-sqlite3'
import { figureOf } from '#bench/note.ts'
import { serveParent } from '#bench/serve-parent.ts'
import { quantile } from '#bench/statistics.ts'
import { MESSAGE_BYTES } from './flow.ts'

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
