import type { Database } from './database.ts'

/** Whether a table that is nearly always empty holds anything, without asking it: once it may, it is asked. */
export class RareRows {
  #mayBeThere: boolean

  constructor(database: Database, table: string) {
    this.#mayBeThere = database.prepare(`SELECT 1 FROM ${table} LIMIT 1`).get() !== undefined
  }

  get areNone(): boolean {
    return !this.#mayBeThere
  }

  /** One is inserted; that its transaction may be rolled back only makes the table be asked in vain. */
  add(): void {
    this.#mayBeThere = true
  }
}
