// Messages of others as they arrive, from a place in the event log: nothing is missed between two reads, and nothing is kept in memory.
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { AccountId } from '@parley/shared/ids.ts'
import { MAX_PAGE_MESSAGES, MAX_READERS } from '@parley/shared/limits.ts'
import type { ReaderInfo, ReceivedMessage, ReceivedPage } from '@parley/shared/local-api/received.ts'
import type { EventRow } from '#store/events-table.ts'
import type { Store } from '#store/store.ts'
import { ConversationError } from './conversation-error.ts'
import type { Happening } from './conversations.ts'
import { BEGINNING, END_OF_EVENT, type EventPlace, formatPlace, parsePlace } from './event-place.ts'
import { type Feed, type FeedReader, FellBehindError } from './feed.ts'
import type { MessageViews } from './message-views.ts'

export interface ReceivedDeps {
  readonly store: Store
  readonly views: MessageViews
  readonly happenings: Feed<Happening>
  readonly now: () => number
}

/** Where to read on: behind that place, or behind all that a named reader has seen. */
export type From = { readonly after: string } | { readonly reader: string }

export interface PageOptions {
  readonly limit: number
  /** Only what this account wrote. */
  readonly account?: AccountId | undefined
}

const EVENTS_PER_READ = 100
/** Of one event so many positions are looked at at a time. */
const POSITIONS_PER_READ = 512

export class Received {
  readonly #deps: ReceivedDeps
  readonly #stopped = new AbortController()

  constructor(deps: ReceivedDeps) {
    this.#deps = deps
  }

  /** Whoever waits gets what there is. */
  stop(): void {
    this.#stopped.abort()
  }

  /** The place behind all that arrived so far. */
  now(): string {
    return formatPlace({ event: this.#deps.store.events.last(), seq: END_OF_EVENT })
  }

  /** In the order of their arrival; each author's own are in his order. Ends when the signal aborts. */
  async *read(after: string, signal: AbortSignal): AsyncGenerator<ReceivedMessage> {
    let place = after
    while (!signal.aborted) {
      const page = await this.page({ after: place }, { limit: MAX_PAGE_MESSAGES }, signal)
      for (const message of page.messages) {
        yield message
        if (signal.aborted) return
      }
      place = page.next
    }
  }

  /**
   * As many as there are, up to the limit; without any it waits for one, until the signal aborts. Without `from` only what
   * comes from now on. Throws ConversationError `bad-place`.
   */
  async page(from: From | undefined, options: PageOptions, until: AbortSignal): Promise<ReceivedPage> {
    const signal = AbortSignal.any([until, this.#stopped.signal])
    let place = this.#placeOf(from ?? { after: this.now() })
    const messages: ReceivedMessage[] = []
    for (;;) {
      using arrivals = this.#deps.happenings.read(signal)
      const events = this.#deps.store.events.after(place.event - 1, EVENTS_PER_READ)
      place = this.#readEvents(events, place, options, messages)
      if (messages.length >= options.limit) break
      if (events.length === EVENTS_PER_READ) await nextTurn()
      else if (messages.length > 0 || signal.aborted) break
      else await somethingIn(arrivals)
    }
    return { messages, next: formatPlace(place) }
  }

  /** A reader has seen all up to there; from now on it goes on behind it, also after a restart. */
  async commit(name: string, place: string): Promise<ReaderInfo> {
    const { store, now } = this.#deps
    const at = place === 'now' ? this.now() : place
    const { event, seq } = parsePlace(at)
    if (store.readers.get(name) === undefined && store.readers.all().length >= MAX_READERS)
      throw new ConversationError('too-many-readers', `there are ${MAX_READERS} cursors already: forget one first`)
    await store.commits.run(() => store.readers.move({ name, event, seq, movedAt: now() }))
    const reader = store.readers.get(name)
    return { name, place: reader === undefined ? at : formatPlace(reader), movedAt: reader?.movedAt ?? now() }
  }

  readers(): ReaderInfo[] {
    return this.#deps.store.readers.all().map((reader) => ({
      name: reader.name,
      place: formatPlace(reader),
      movedAt: reader.movedAt,
    }))
  }

  /** It begins with everything again. False when there was none of that name. */
  forget(name: string): Promise<boolean> {
    const { store } = this.#deps
    return store.commits.run(() => store.readers.delete(name))
  }

  #placeOf(from: From): EventPlace {
    if ('after' in from) return parsePlace(from.after)
    return this.#deps.store.readers.get(from.reader) ?? BEGINNING
  }

  /** Fills `messages` up to the limit, and returns the place behind the last event or message that was looked at. */
  #readEvents(
    events: readonly EventRow[],
    from: EventPlace,
    { limit, account }: PageOptions,
    messages: ReceivedMessage[],
  ): EventPlace {
    let place = from
    for (const { id, kind, stream, from: first, to, account: author } of events) {
      const isTheirs = account === undefined || account === author
      if (kind === 'received' && isTheirs && stream !== null && first !== null && to !== null) {
        let seq = id === from.event ? Math.max(first, from.seq + 1) : first
        while (seq <= to) {
          const last = Math.min(to, seq + POSITIONS_PER_READ - 1)
          for (const { row, view } of this.#deps.views.rows(stream, seq, last)) {
            if (messages.length >= limit) return place
            place = { event: id, seq: row.seq }
            messages.push({ ...view, cursor: formatPlace(place) })
          }
          seq = last + 1
        }
      }
      place = { event: id, seq: END_OF_EVENT }
    }
    return place
  }
}

/** Resolves at the next happening, or when the reader ends; one that fell behind has missed nothing that the log does not hold. */
async function somethingIn(arrivals: FeedReader<Happening>): Promise<void> {
  try {
    for await (const { kind } of arrivals) if (kind === 'received') return
  } catch (error) {
    if (!(error instanceof FellBehindError)) throw error
  }
}
