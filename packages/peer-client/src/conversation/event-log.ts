// What happened, read again from a place in the log: for whoever was away while it was told.
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { MessageView } from '@parley/shared/local-api/messages.ts'
import type { EventRow } from '#store/events-table.ts'
import type { Store } from '#store/store.ts'
import type { Happening } from './conversations.ts'
import { END_OF_EVENT, type EventPlace, formatPlace, parsePlace } from './event-place.ts'
import { type Feed, type FeedReader, FellBehindError } from './feed.ts'
import type { MessageViews } from './message-views.ts'
import type { Notes, Notice } from './notes.ts'

export interface EventLogDeps {
  readonly store: Store
  readonly views: MessageViews
  readonly notes: Notes
  readonly happenings: Feed<Happening>
  readonly notices: Feed<Notice>
}

/** A message that is new, or one that is not as it was; or what happened to a conversation. */
export type LoggedEvent =
  | { readonly type: 'message' | 'state'; readonly message: MessageView }
  | ({ readonly type: 'notice' } & Notice)

export interface EventsRead {
  readonly events: LoggedEvent[]
  readonly next: string
}

const EVENTS_PER_READ = 100
/** Of one event so many positions are looked at at a time. */
const POSITIONS_PER_READ = 512
const NEW: ReadonlySet<EventRow['kind']> = new Set(['queued', 'received'])

export class EventLog {
  readonly #deps: EventLogDeps

  constructor(deps: EventLogDeps) {
    this.#deps = deps
  }

  /** The place behind all that happened so far. */
  now(): string {
    return formatPlace({ event: this.#deps.store.events.last(), seq: END_OF_EVENT })
  }

  /**
   * About as many as `limit`, in order, with messages as they are now: who reads on from `next` misses nothing that is logged. Without
   * any it waits for one, until the signal aborts. Throws ConversationError `bad-place`.
   */
  async page(after: string, limit: number, signal: AbortSignal): Promise<EventsRead> {
    const { store, happenings, notices } = this.#deps
    let place = parsePlace(after)
    const events: LoggedEvent[] = []
    for (;;) {
      using happened = happenings.read(signal)
      using noticed = notices.read(signal)
      const rows = store.events.after(place.event - 1, EVENTS_PER_READ)
      place = this.#readRows(rows, place, limit, events)
      if (events.length >= limit) break
      if (rows.length === EVENTS_PER_READ) await nextTurn()
      else if (events.length > 0 || signal.aborted) break
      else await Promise.race([somethingIn(happened), somethingIn(noticed)])
    }
    return { events, next: formatPlace(place) }
  }

  /** Fills `events` up to the limit, and returns the place behind the last one that was looked at. */
  #readRows(rows: readonly EventRow[], from: EventPlace, limit: number, events: LoggedEvent[]): EventPlace {
    let place = from
    for (const row of rows) {
      const first = row.id === from.event ? from.seq + 1 : 0
      for (const { seq, found } of this.#eventsOf(row, first)) {
        if (events.length >= limit) return place
        place = { event: row.id, seq }
        events.push(...found)
      }
      place = { event: row.id, seq: END_OF_EVENT }
    }
    return place
  }

  /** Position by position; a note has none of its own. */
  *#eventsOf(row: EventRow, first: number): Generator<{ seq: number; found: LoggedEvent[] }> {
    const { views, notes } = this.#deps
    const { kind, stream, from, to } = row
    const notice = notes.ofEvent(row)
    if (notice !== undefined && first === 0) yield { seq: END_OF_EVENT, found: [{ type: 'notice', ...notice }] }
    if (stream === null || from === null || to === null) return
    for (let seq = Math.max(from, first); seq <= to; seq += POSITIONS_PER_READ) {
      for (const { row: message, view } of views.rows(stream, seq, Math.min(to, seq + POSITIONS_PER_READ - 1)))
        yield { seq: message.seq, found: this.#told(NEW.has(kind), view) }
    }
  }

  /** Of an edit, a deletion or a reaction: the message that it is about, as it is now. */
  #told(isNew: boolean, message: MessageView): LoggedEvent[] {
    if (message.about === undefined) return [{ type: isNew ? 'message' : 'state', message }]
    const about = this.#deps.views.byId(message.about)
    return about === undefined ? [] : [{ type: 'state', message: about }]
  }
}

/** Resolves at the next, or when the reader ends; one that fell behind has missed nothing that the log does not hold. */
async function somethingIn(reader: FeedReader<unknown>): Promise<void> {
  try {
    for await (const _ of reader) return
  } catch (error) {
    if (!(error instanceof FellBehindError)) throw error
  }
}
