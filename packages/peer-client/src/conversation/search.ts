// Looking for messages by what they say.
import { setImmediate as nextTurn } from 'node:timers/promises'
import { directConversationId } from '@parley/shared/hashes.ts'
import type { AccountId } from '@parley/shared/ids.ts'
import { DEFAULT_PAGE_HITS, MAX_HIT_CANDIDATES, MAX_MESSAGE_SEARCHES } from '@parley/shared/limits.ts'
import type { SearchHit, SearchPage } from '@parley/shared/local-api/search.ts'
import type { MatchThread } from '#store/match-thread.ts'
import type { EntryRange } from '#store/search-table.ts'
import type { Store } from '#store/store.ts'
import type { Contacts } from './contacts.ts'
import { ConversationError } from './conversation-error.ts'
import { foundAt, type Indexing } from './indexing.ts'
import type { MessageViews } from './message-views.ts'
import { expressionOf, marksOf, readTerms, snippetOf, type Term } from './search-query.ts'

export interface SearchDeps {
  readonly store: Store
  readonly views: MessageViews
  readonly indexing: Indexing
  readonly matches: Pick<MatchThread, 'match' | 'stop'>
  readonly contacts: Pick<Contacts, 'get'>
  readonly me: AccountId
}

export interface SearchOptions {
  /** Only the conversation with this account. */
  readonly conversation?: AccountId | undefined
  /** Only what this account wrote. */
  readonly sender?: AccountId | undefined
  /** Unix milliseconds: then or later, and before then. */
  readonly after?: number | undefined
  readonly before?: number | undefined
  readonly limit?: number | undefined
  /** `next` of the page before. */
  readonly cursor?: string | undefined
  /** Nobody waits for the answer any more. */
  readonly signal?: AbortSignal | undefined
}

/** What was found, and what was looked at for it. */
interface Found {
  readonly hits: SearchHit[]
  /** Below this entry nothing was looked at yet; undefined when all was. */
  readonly goOn: number | undefined
}

/** So many messages are judged before whatever else there is to do has its turn. */
const JUDGED_PER_TURN = 16

/** The index says where the words are, beside this thread; what is shown there, and whether it may be, is judged here. */
export class Search {
  readonly indexing: Indexing
  readonly #deps: SearchDeps
  readonly #underWay = new Set<Promise<SearchPage>>()

  constructor(deps: SearchDeps) {
    this.indexing = deps.indexing
    this.#deps = deps
  }

  /**
   * The youngest first, in the order in which this device stored them. Rejects with ConversationError `no-words`, or `search-busy`
   * when MAX_MESSAGE_SEARCHES are under way; with MatchError; and with its reason when the signal aborts.
   */
  async find(query: string, options: SearchOptions = {}): Promise<SearchPage> {
    const terms = readTerms(query)
    if (terms.length === 0)
      throw new ConversationError('no-words', 'there is nothing to look for: give a word of letters or digits')
    if (this.#underWay.size >= MAX_MESSAGE_SEARCHES) {
      const sentence = `${MAX_MESSAGE_SEARCHES} searches wait for their turn already; try again soon`
      throw new ConversationError('search-busy', sentence)
    }
    const found = this.#find(terms, options)
    this.#underWay.add(found)
    try {
      return await found
    } finally {
      this.#underWay.delete(found)
    }
  }

  /** Ends the indexing too. Resolves when nothing here reads the database any more. */
  async stop(): Promise<void> {
    await this.indexing.stop()
    await this.#deps.matches.stop()
    await Promise.allSettled(this.#underWay)
  }

  async #find(terms: readonly Term[], options: SearchOptions): Promise<SearchPage> {
    const unindexed = await this.#deps.indexing.settle()
    options.signal?.throwIfAborted()
    const streams = this.#streamsOf(options)
    const entries = this.#entriesOf(options)
    const isHopeless = entries === undefined || streams?.length === 0
    const found = isHopeless ? NOTHING : await this.#collect(terms, expressionOf(terms, streams), entries, options)
    return {
      hits: found.hits,
      ...(found.goOn === undefined ? {} : { next: String(found.goOn) }),
      ...(unindexed === 0 ? {} : { unindexed }),
    }
  }

  async #collect(
    terms: readonly Term[],
    expression: string,
    entries: EntryRange,
    options: SearchOptions,
  ): Promise<Found> {
    const { limit = DEFAULT_PAGE_HITS, signal } = options
    const hits: SearchHit[] = []
    let to = entries.to
    for (let looked = 0; looked < MAX_HIT_CANDIDATES; ) {
      // One more than is wanted tells whether there are more.
      const most = limit + 1
      const question = { expression, entries: { from: entries.from, to }, limit: most }
      const candidates = await this.#deps.matches.match(question, signal)
      for (const [at, entry] of candidates.entries()) {
        if (at % JUDGED_PER_TURN === JUDGED_PER_TURN - 1) await nextTurn(undefined, { signal })
        if (hits.length === limit) return { hits, goOn: to + 1 }
        const hit = this.#hitAt(entry, terms, options)
        if (hit !== undefined) hits.push(hit)
        to = entry - 1
      }
      if (candidates.length < most) return { hits, goOn: undefined }
      looked += candidates.length
    }
    return { hits, goOn: to + 1 }
  }

  #hitAt(entry: number, terms: readonly Term[], options: SearchOptions): SearchHit | undefined {
    const { store, views, contacts } = this.#deps
    const { after = 0, before = Number.POSITIVE_INFINITY, conversation } = options
    const place = store.search.placeOf(entry)
    const row = place && store.messages.at(place.stream, place.seq)
    const stream = row && store.streams.byId(row.stream)
    if (row === undefined || stream === undefined) return undefined
    const message = views.line(stream, row)
    if (message === undefined) return undefined
    // What the blocked once wrote is found by who asks for it.
    if (conversation === undefined && contacts.get(views.partnerOf(stream.conversation))?.state === 'blocked')
      return undefined
    const at = foundAt(message)
    if (at < after || at >= before) return undefined
    const marks = marksOf(message.text, terms)
    return marks.length === 0 ? undefined : { message, snippet: snippetOf(message.text, marks) }
  }

  /** Undefined for all of them. */
  #streamsOf({ conversation, sender }: SearchOptions): number[] | undefined {
    const { store, views, me } = this.#deps
    if (conversation === undefined && sender === undefined) return undefined
    const streams =
      conversation === undefined
        ? store.streams.all()
        : store.streams.ofConversation(directConversationId(conversation, me))
    return streams
      .filter((stream) => stream.upTo >= stream.base && (sender === undefined || views.authorOf(stream) === sender))
      .map(({ id }) => id)
  }

  #entriesOf({ after, before, cursor }: SearchOptions): EntryRange | undefined {
    const all = { from: 1, to: cursor === undefined ? Number.MAX_SAFE_INTEGER : Number(cursor) - 1 }
    if (after === undefined && before === undefined) return all
    const days = this.#deps.store.search.entriesOfDays(after ?? 0, (before ?? Number.MAX_SAFE_INTEGER) - 1)
    return days && { from: days.from, to: Math.min(days.to, all.to) }
  }
}

const NOTHING: Found = { hits: [], goOn: undefined }
