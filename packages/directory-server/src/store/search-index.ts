import type { AccountId, Name } from '@parley/shared/ids.ts'
import { MAX_SEARCH_CANDIDATES, MAX_SEARCH_SCANNED, SEARCH_BUDGET_MS } from '@parley/shared/limits.ts'
import type { Database, Statement } from 'better-sqlite3'
import { GRAM_CHARS, gramsOf, hasWordBeginning, isOneWord } from './search-text.ts'

/** A user as the index knows them. `hidesPresence` is 0 or 1. */
export interface FoundRow {
  readonly name: Name
  readonly accountId: AccountId
  readonly displayName: string
  readonly statusText: string | null
  readonly hidesPresence: number
  readonly expiresAt: number
}

/** What to look for. */
export interface Sought {
  /** Folded, and not empty. */
  readonly text: string
  readonly limit: number
  /** Whose record has expired by then is not found. */
  readonly now: number
}

interface Range {
  from: string
  to: string
  limit: number
}

interface Candidate extends FoundRow {
  readonly id: number
  readonly text: string
}

interface Step {
  grams: string
  after: number
}

const COLUMNS = `e.name, e.account_id AS accountId, e.display_name AS displayName, e.status_text AS statusText,
  e.hides_presence AS hidesPresence, e.expires_at AS expiresAt`
/** Sorts behind every continuation of a text: there is no character above it. */
const LAST_CHARACTER = '\u{10ffff}'
const CANDIDATES_PER_STEP = 100

/**
 * The reading side of the search, on any connection. Both methods look at a bounded number of entries, however many there are:
 * what is beyond is not found, rather than that others wait for it.
 */
export class SearchIndex {
  readonly #byName: Statement<[Range], FoundRow>
  readonly #byDisplayName: Statement<[Range], FoundRow>
  readonly #byWord: Statement<[Range], FoundRow>
  readonly #step: Statement<[Step], Candidate>

  constructor(database: Database) {
    this.#byName = database.prepare(
      `SELECT ${COLUMNS} FROM search_entries e WHERE e.name >= @from AND e.name < @to ORDER BY e.name LIMIT @limit`,
    )
    this.#byDisplayName = database.prepare(
      `SELECT ${COLUMNS} FROM search_entries e INDEXED BY search_by_display
       WHERE e.folded_display >= @from AND e.folded_display < @to ORDER BY e.folded_display, e.name LIMIT @limit`,
    )
    // CROSS JOIN fixes the order of the loops (sqlite.org/optoverview.html), and with it the order of the answer.
    this.#byWord = database.prepare(
      `SELECT DISTINCT ${COLUMNS} FROM (
         SELECT name FROM search_words WHERE word >= @from AND word < @to ORDER BY word, name LIMIT ${MAX_SEARCH_SCANNED}
       ) w CROSS JOIN search_entries e ON e.name = w.name LIMIT @limit`,
    )
    this.#step = database.prepare(
      `SELECT ${COLUMNS}, e.id, e.name || char(10) || e.folded_display || char(10) || e.folded_status AS text FROM (
         SELECT rowid AS id FROM search_parts
         WHERE search_parts MATCH @grams AND rowid > @after ORDER BY rowid LIMIT ${CANDIDATES_PER_STEP}
       ) c CROSS JOIN search_entries e ON e.id = c.id`,
    )
  }

  /** Those who begin with it, the best first: by name, then by display name, then by a word. */
  byBeginning(sought: Sought): FoundRow[] {
    const { text, limit } = sought
    const byName = this.#inForce(this.#byName, sought, limit)
    if (byName.length >= limit) return byName
    const found = new Map(byName.map((row) => [row.name, row]))
    for (const pass of isOneWord(text) ? [this.#byDisplayName, this.#byWord] : [this.#byDisplayName]) {
      if (found.size >= limit) break
      // Whoever an earlier pass found may be found again, and nobody else can come in vain.
      for (const row of this.#inForce(pass, sought, limit + found.size)) {
        if (!found.has(row.name)) found.set(row.name, row)
      }
    }
    return [...found.values()].slice(0, limit)
  }

  /**
   * Those who contain it anywhere, without those of `but`: first where it begins a word, each part in the order of names. When
   * more match than are wanted, those who registered first are taken.
   */
  byPart({ text, limit, now }: Sought, but: ReadonlySet<Name> = new Set()): FoundRow[] {
    if (Array.from(text).length < GRAM_CHARS || limit <= 0) return []
    const beginning: FoundRow[] = []
    const inside: FoundRow[] = []
    for (const { text: where, id: _, ...row } of this.#candidates(text)) {
      if (row.expiresAt <= now || but.has(row.name) || !where.includes(text)) continue
      const rows = hasWordBeginning(where, text) ? beginning : inside
      rows.push(row)
      if (beginning.length + inside.length >= limit) break
    }
    return [...beginning.sort(byName), ...inside.sort(byName)]
  }

  /** Without those whose record has expired: they are few, because they are cleared away, and are not to be many here. */
  #inForce(pass: Statement<[Range], FoundRow>, { text, now }: Sought, limit: number): FoundRow[] {
    const range = { from: text, to: `${text}${LAST_CHARACTER}` }
    const rows = pass.all({ ...range, limit })
    const inForce = rows.filter((row) => row.expiresAt > now)
    if (inForce.length === rows.length || rows.length < limit) return inForce
    const more = pass.all({ ...range, limit: MAX_SEARCH_SCANNED })
    return more.filter((row) => row.expiresAt > now).slice(0, limit)
  }

  /** Entries that have the trigrams, some at a time: more are read only when they are asked for. */
  *#candidates(text: string): Generator<Candidate> {
    const grams = gramsOf(text).map(quote).join(' AND ')
    const deadline = performance.now() + SEARCH_BUDGET_MS
    let after: number | undefined = 0
    for (let seen = 0; after !== undefined && seen < MAX_SEARCH_CANDIDATES && performance.now() < deadline; ) {
      const rows: Candidate[] = this.#step.all({ grams, after })
      yield* rows
      seen += rows.length
      after = rows.length === CANDIDATES_PER_STEP ? rows.at(-1)?.id : undefined
    }
  }
}

/** A string of FTS5's query language, in which nothing but the quote means something (sqlite.org/fts5.html, section 3.1). */
function quote(gram: string): string {
  return `"${gram.replaceAll('"', '""')}"`
}

function byName(one: FoundRow, other: FoundRow): number {
  return one.name < other.name ? -1 : 1
}
