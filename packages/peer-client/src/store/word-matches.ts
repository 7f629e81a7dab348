import type { Database } from './database.ts'
import type { EntryRange } from './search-table.ts'

export interface MatchQuestion {
  /** One of FTS5, over the columns `text` and `stream`. */
  readonly expression: string
  readonly entries: EntryRange
  readonly limit: number
}

/**
 * What of a search can take long: which entries of the index hold the words. A beginning of a word stands for all words that
 * begin so, and words that are everywhere are compared entry by entry, whatever the limit.
 */
export class WordMatches {
  readonly #match

  constructor(database: Pick<Database, 'prepare'>) {
    this.#match = database
      .prepare<[string, number, number, number], number>(
        `SELECT rowid FROM message_words WHERE message_words MATCH ? AND rowid BETWEEN ? AND ?
         ORDER BY rowid DESC LIMIT ?`,
      )
      .pluck()
  }

  /** The youngest entries first. */
  match({ expression, entries: { from, to }, limit }: MatchQuestion): number[] {
    return this.#match.all(expression, from, to, limit)
  }
}
