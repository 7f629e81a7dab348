import type { Database, Statement } from 'better-sqlite3'

/** Single facts about this database. */
export class SettingsTable {
  readonly #get: Statement<[string], string>
  readonly #put: Statement<[string, string]>

  constructor(database: Database) {
    this.#get = database.prepare<[string], string>('SELECT value FROM settings WHERE key = ?').pluck()
    this.#put = database.prepare('INSERT OR REPLACE INTO settings (key, value) VALUES (?, ?)')
  }

  get(key: string): string | undefined {
    return this.#get.get(key)
  }

  put(key: string, value: string): void {
    this.#put.run(key, value)
  }
}
