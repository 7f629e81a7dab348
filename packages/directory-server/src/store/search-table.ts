import type { AccountId, Name } from '@parley/shared/ids.ts'
import type { Database, Statement } from 'better-sqlite3'
import { foldText, wordsOf } from './search-text.ts'

/** What a search tells of a user. `hidesPresence` is 0 or 1. */
export interface Searchable {
  readonly name: Name
  readonly accountId: AccountId
  readonly displayName: string
  readonly statusText: string | null
  readonly hidesPresence: number
  readonly expiresAt: number
}

interface Entry extends Searchable {
  readonly id: number
  readonly foldedDisplay: string
  readonly foldedStatus: string
}

/** The writing side of the search: kept in the same transaction as the record that it follows. */
export class SearchTable {
  readonly #get: Statement<[Name], Entry>
  readonly #nextId: Statement<[], number>
  readonly #put: Statement<[Entry]>
  readonly #remove: Statement<[Name]>
  readonly #addWord: Statement<[string, Name]>
  readonly #removeWord: Statement<[string, Name]>
  readonly #addParts: Statement<[number, string]>
  readonly #removeParts: Statement<[number, string]>
  readonly #expired: Statement<[number, number], Pick<Searchable, 'name' | 'accountId'>>
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
    this.#get = database.prepare(
      `SELECT name, id, account_id AS accountId, display_name AS displayName, status_text AS statusText,
         hides_presence AS hidesPresence, expires_at AS expiresAt, folded_display AS foldedDisplay,
         folded_status AS foldedStatus
       FROM search_entries WHERE name = ?`,
    )
    this.#nextId = database.prepare<[], number>('SELECT coalesce(max(id), 0) + 1 FROM search_entries').pluck()
    this.#put = database.prepare(
      `INSERT OR REPLACE INTO search_entries
         (name, id, account_id, display_name, status_text, hides_presence, expires_at, folded_display, folded_status)
       VALUES
         (@name, @id, @accountId, @displayName, @statusText, @hidesPresence, @expiresAt, @foldedDisplay, @foldedStatus)`,
    )
    this.#remove = database.prepare('DELETE FROM search_entries WHERE name = ?')
    this.#addWord = database.prepare('INSERT OR IGNORE INTO search_words (word, name) VALUES (?, ?)')
    this.#removeWord = database.prepare('DELETE FROM search_words WHERE word = ? AND name = ?')
    this.#addParts = database.prepare('INSERT INTO search_parts (rowid, text) VALUES (?, ?)')
    // The index keeps no text, so it has to be told which one goes (sqlite.org/fts5.html, "The 'delete' Command").
    this.#removeParts = database.prepare("INSERT INTO search_parts (search_parts, rowid, text) VALUES ('delete', ?, ?)")
    this.#expired = database.prepare(
      'SELECT name, account_id AS accountId FROM search_entries WHERE expires_at <= ? ORDER BY expires_at LIMIT ?',
    )
  }

  /** The user is found by this from now on, and by nothing else. */
  put(user: Searchable): void {
    const foldedDisplay = foldText(user.displayName)
    const foldedStatus = foldText(user.statusText ?? '')
    const before = this.#get.get(user.name)
    const entry = { ...user, id: before?.id ?? this.#nextId.get() ?? 1, foldedDisplay, foldedStatus }
    const isSameText = before?.foldedDisplay === foldedDisplay && before.foldedStatus === foldedStatus
    if (before !== undefined && !isSameText) this.#removeText(before)
    this.#put.run(entry)
    if (!isSameText) this.#addText(entry)
  }

  remove(name: Name): void {
    const entry = this.#get.get(name)
    if (entry === undefined) return
    this.#removeText(entry)
    this.#remove.run(name)
  }

  clear(): void {
    this.#database.exec('DELETE FROM search_entries; DELETE FROM search_words')
    this.#database.exec("INSERT INTO search_parts (search_parts) VALUES ('delete-all')")
  }

  /** Users whose record has expired and who can still be found, at most so many. */
  expired(now: number, limit: number): Pick<Searchable, 'name' | 'accountId'>[] {
    return this.#expired.all(now, limit)
  }

  #addText(entry: Entry): void {
    for (const word of wordsOf(textOf(entry))) this.#addWord.run(word, entry.name)
    this.#addParts.run(entry.id, textOf(entry))
  }

  #removeText(entry: Entry): void {
    for (const word of wordsOf(textOf(entry))) this.#removeWord.run(word, entry.name)
    this.#removeParts.run(entry.id, textOf(entry))
  }
}

/** A folded text has no line breaks, so that nothing can be found across two of these. */
function textOf({ name, foldedDisplay, foldedStatus }: Entry): string {
  return `${name}\n${foldedDisplay}\n${foldedStatus}`
}
