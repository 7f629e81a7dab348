// A thread with a read-only connection of its own, for the searches that cost more than a lookup. Started by search-thread.ts.
import { parentPort, workerData } from 'node:worker_threads'
import Sqlite from 'better-sqlite3'
import { keepPlans } from './keep-plans.ts'
import { SearchIndex } from './search-index.ts'
import type { PartSearch, PartsFound } from './search-thread.ts'

const CACHE_KIB = 16_384

const database = new Sqlite(String(workerData), { readonly: true, fileMustExist: true })
database.pragma('trusted_schema = OFF')
database.pragma(`cache_size = -${CACHE_KIB}`)
keepPlans(database)
const index = new SearchIndex(database)

parentPort?.on('message', ({ id, sought, but }: PartSearch) => {
  const found: PartsFound = { id, rows: index.byPart(sought, but) }
  parentPort?.postMessage(found)
})
