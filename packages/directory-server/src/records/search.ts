import type { SearchQuery } from '@parley/shared/directory-api/search.ts'
import type { UserSummary } from '@parley/shared/directory-api/users.ts'
import type { Name } from '@parley/shared/ids.ts'
import type { FoundRow, Sought } from '#store/search-index.ts'
import { foldText, GRAM_CHARS } from '#store/search-text.ts'
import { RefusedError } from './refused-error.ts'

export interface SearchOptions {
  /** On this thread: costs about as much as a lookup. */
  readonly byBeginning: (sought: Sought) => FoundRow[]
  /** On a thread of its own. */
  readonly byPart: (sought: Sought, but: ReadonlySet<Name>) => Promise<FoundRow[]>
  readonly summaryOf: (row: FoundRow) => UserSummary
  readonly now: () => number
}

/**
 * Finds users by what people remember of them. The best first: who is called exactly so, whose name begins so (by name), whose
 * display name begins so (by display name), who has a word that begins so, and from three characters on who has it anywhere.
 */
export class Search {
  readonly #options: SearchOptions

  constructor(options: SearchOptions) {
    this.#options = options
  }

  /** Rejects with RefusedError when nothing is left to look for, and with StoreError `busy`. */
  async find({ q, limit }: SearchQuery): Promise<UserSummary[]> {
    const text = foldText(q)
    if (text === '')
      throw new RefusedError('bad-query', 'q: nothing is left of it once spaces and accents are taken away')
    const sought = { text, limit, now: this.#options.now() }
    const rows = this.#options.byBeginning(sought)
    if (rows.length < limit && Array.from(text).length >= GRAM_CHARS) {
      const but = new Set(rows.map(({ name }) => name))
      rows.push(...(await this.#options.byPart({ ...sought, limit: limit - rows.length }, but)))
    }
    return rows.map(this.#options.summaryOf)
  }
}
