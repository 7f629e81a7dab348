import type { Statement } from 'better-sqlite3'
import type { Database } from './database.ts'
import { RareRows } from './rare-rows.ts'

/** A position of a stream. */
export interface Place {
  readonly stream: number
  readonly seq: number
}

/** Where positions of my closed epochs went on. The first place of a message names it at the API; the last one is what it is now. */
export class ReissuesTable {
  readonly #rows: RareRows
  readonly #insert: Statement<[number, number, number, number]>
  readonly #next: Statement<[number, number], Place>
  readonly #previous: Statement<[number, number], Place>

  constructor(database: Database) {
    this.#rows = new RareRows(database, 'reissues')
    this.#insert = database.prepare('INSERT INTO reissues (from_stream, from_seq, stream, seq) VALUES (?, ?, ?, ?)')
    this.#next = database.prepare('SELECT stream, seq FROM reissues WHERE from_stream = ? AND from_seq = ?')
    this.#previous = database.prepare(
      'SELECT from_stream AS stream, from_seq AS seq FROM reissues WHERE stream = ? AND seq = ?',
    )
  }

  insert(from: Place, to: Place): void {
    this.#rows.add()
    this.#insert.run(from.stream, from.seq, to.stream, to.seq)
  }

  /** Where the message stood first. */
  first(place: Place): Place {
    return this.#rows.areNone ? place : this.#follow(place, this.#previous)
  }

  /** Where the message stands now. */
  latest(place: Place): Place {
    return this.#rows.areNone ? place : this.#follow(place, this.#next)
  }

  #follow(place: Place, step: Statement<[number, number], Place>): Place {
    let at = place
    for (let to = step.get(at.stream, at.seq); to !== undefined; to = step.get(at.stream, at.seq)) at = to
    return at
  }
}
