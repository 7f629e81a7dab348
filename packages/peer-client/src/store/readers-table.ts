import type { Statement } from 'better-sqlite3'
import type { Database } from './database.ts'

/** How far somebody who reads what arrives has come: a row of the events, and a position inside of its range. */
export interface Reader {
  readonly name: string
  readonly event: number
  readonly seq: number
  readonly movedAt: number
}

const COLUMNS = 'name, event, seq, moved_at AS movedAt'

export class ReadersTable {
  readonly #move: Statement<[string, number, number, number]>
  readonly #get: Statement<[string], Reader>
  readonly #all: Statement<[], Reader>
  readonly #delete: Statement<[string]>

  constructor(database: Database) {
    this.#move = database.prepare(
      `INSERT INTO readers (name, event, seq, moved_at) VALUES (?, ?, ?, ?)
       ON CONFLICT (name) DO UPDATE SET event = excluded.event, seq = excluded.seq, moved_at = excluded.moved_at
       WHERE (excluded.event, excluded.seq) > (readers.event, readers.seq)`,
    )
    this.#get = database.prepare(`SELECT ${COLUMNS} FROM readers WHERE name = ?`)
    this.#all = database.prepare(`SELECT ${COLUMNS} FROM readers ORDER BY name`)
    this.#delete = database.prepare('DELETE FROM readers WHERE name = ?')
  }

  /** Only forwards: of two who read under one name the one that is ahead counts. */
  move({ name, event, seq, movedAt }: Reader): void {
    this.#move.run(name, event, seq, movedAt)
  }

  get(name: string): Reader | undefined {
    return this.#get.get(name)
  }

  all(): Reader[] {
    return this.#all.all()
  }

  delete(name: string): boolean {
    return this.#delete.run(name).changes === 1
  }
}
