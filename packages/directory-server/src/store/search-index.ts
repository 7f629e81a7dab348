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
  now: number
  limit: number
}

interface Candidate extends FoundRow {
  readonly id: number
  readonly text: string
  readonly expiresAt: number
}

interface Slice {
  grams: string
  after: number
  to: number
}

const COLUMNS = `e.name, e.account_id AS accountId, e.display_name AS displayName, e.status_text AS statusText,
  e.hides_presence AS hidesPresence`
/** Sorts behind every continuation of a text: there is no character above it. */
const LAST_CHARACTER = '\u{10ffff}'
const CANDIDATES_PER_STEP = 100
const FIRST_SLICE = 50_000

/**
 * The reading side of the search, on any connection. Both methods look at a bounded number of entries, however many there are:
 * what is beyond is not found, rather than that others wait for it.
 */
export class SearchIndex {
  readonly #byName: Statement<[Range], FoundRow>
  readonly #byDisplayName: Statement<[Range], FoundRow>
  readonly #byWord: Statement<[Range], FoundRow>
  readonly #slice: Statement<[Slice], Candidate>
  readonly #lastId: Statement<[], number>

  constructor(database: Database) {
    const inForce = `e.expires_at > @now LIMIT @limit`
    this.#byName = database.prepare(
      `SELECT ${COLUMNS} FROM (
         SELECT * FROM search_entries WHERE name >= @from AND name < @to ORDER BY name LIMIT ${MAX_SEARCH_SCANNED}
       ) e WHERE ${inForce}`,
    )
    this.#byDisplayName = database.prepare(
      `SELECT ${COLUMNS} FROM (
         SELECT * FROM search_entries INDEXED BY search_by_display WHERE folded_display >= @from AND folded_display < @to
         ORDER BY folded_display, name LIMIT ${MAX_SEARCH_SCANNED}
       ) e WHERE ${inForce}`,
    )
    // CROSS JOIN fixes the order of the loops (sqlite.org/optoverview.html), and with it the order of the answer.
    this.#byWord = database.prepare(
      `SELECT DISTINCT ${COLUMNS} FROM (
         SELECT name FROM search_words WHERE word >= @from AND word < @to ORDER BY word, name LIMIT ${MAX_SEARCH_SCANNED}
       ) w CROSS JOIN search_entries e ON e.name = w.name WHERE ${inForce}`,
    )
    this.#slice = database.prepare(
      `SELECT ${COLUMNS}, e.id, e.expires_at AS expiresAt,
         e.name || char(10) || e.folded_display || char(10) || e.folded_status AS text FROM (
         SELECT rowid AS id FROM search_parts
         WHERE search_parts MATCH @grams AND rowid > @after AND rowid <= @to ORDER BY rowid LIMIT ${CANDIDATES_PER_STEP}
       ) c CROSS JOIN search_entries e ON e.id = c.id`,
    )
    this.#lastId = database.prepare<[], number>('SELECT coalesce(max(id), 0) FROM search_entries').pluck()
  }

  /** Those who begin with it, the best first: by name, then by display name, then by a word. */
  byBeginning({ text, limit, now }: Sought): FoundRow[] {
    const found = new Map<Name, FoundRow>()
    const range = { from: text, to: `${text}${LAST_CHARACTER}`, now }
    const passes = isOneWord(text)
      ? [this.#byName, this.#byDisplayName, this.#byWord]
      : [this.#byName, this.#byDisplayName]
    for (const pass of passes) {
      if (found.size >= limit) break
      // Whoever an earlier pass found may be found again, and nobody else can come in vain.
      for (const row of pass.all({ ...range, limit: limit + found.size })) {
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
    for (const { text: where, id: _, expiresAt, ...row } of this.#candidates(text)) {
      if (expiresAt <= now || but.has(row.name) || !where.includes(text)) continue
      const rows = hasWordBeginning(where, text) ? beginning : inside
      rows.push(row)
      if (beginning.length + inside.length >= limit) break
    }
    return [...beginning.sort(byName), ...inside.sort(byName)]
  }

  /** Entries that have all the trigrams, in slices of the index: the next one is read only when it is asked for. */
  *#candidates(text: string): Generator<Candidate> {
    const grams = gramsOf(text).map(quote).join(' AND ')
    const last = this.#lastId.get() ?? 0
    const deadline = performance.now() + SEARCH_BUDGET_MS
    let seen = 0
    let width = FIRST_SLICE
    for (let after = 0; after < last && seen < MAX_SEARCH_CANDIDATES && performance.now() < deadline; ) {
      const to = after + width
      const rows = this.#slice.all({ grams, after, to })
      yield* rows
      seen += rows.length
      const isFull = rows.length === CANDIDATES_PER_STEP
      after = isFull ? (rows.at(-1)?.id ?? to) : to
      if (!isFull) width *= 2
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
