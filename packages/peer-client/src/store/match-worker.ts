// A thread with a read-only connection of its own to the database of the profile. Started by match-thread.ts, which says first what
// to open and then what to look for. What goes wrong here ends the thread, and is told there.
import { parentPort } from 'node:worker_threads'
import { keepPlans, openDatabaseReadonly } from './database.ts'
import type { Opening } from './match-thread.ts'
import { type MatchQuestion, WordMatches } from './word-matches.ts'

parentPort?.once('message', ({ file, key }: Opening) => {
  const database = openDatabaseReadonly(file, key)
  database.pragma('cache_size = -8000')
  keepPlans(database)
  const words = new WordMatches(database)
  parentPort?.on('message', (question: MatchQuestion) => parentPort?.postMessage(words.match(question)))
})
