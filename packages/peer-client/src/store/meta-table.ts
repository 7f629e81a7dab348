import type { Statement } from 'better-sqlite3'
import type { Database } from './database.ts'

/** Small facts of the profile as a whole, by name. */
export class MetaTable {
  readonly #get: Statement<[string], { value: string }>
  readonly #set: Statement<[string, string]>

  constructor(database: Database) {
    this.#get = database.prepare('SELECT value FROM meta WHERE key = ?')
    this.#set = database.prepare(
      'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
    )
  }

  get(key: string): string | undefined {
    return this.#get.get(key)?.value
  }

  set(key: string, value: string): void {
    this.#set.run(key, value)
  }
}
