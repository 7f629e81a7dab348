// Messages of others as they arrive, from a place in the event log: nothing is missed between two reads, and nothing is kept in memory.
import type { MessageView } from '@parley/shared/local-api/messages.ts'
import type { Store } from '#store/store.ts'
import type { Happening } from './conversations.ts'
import { type Feed, type FeedReader, FellBehindError } from './feed.ts'
import type { MessageViews } from './message-views.ts'

export interface ReceivedMessage extends MessageView {
  /** Read on from behind this message by giving it as `after`. */
  readonly cursor: string
}

const EVENTS_PER_READ = 100

export class Received {
  readonly #store: Store
  readonly #views: MessageViews
  readonly #happenings: Feed<Happening>

  constructor(store: Store, views: MessageViews, happenings: Feed<Happening>) {
    this.#store = store
    this.#views = views
    this.#happenings = happenings
  }

  /** The place behind all that arrived so far. */
  now(): string {
    return formatCursor({ event: this.#store.events.last(), seq: Number.MAX_SAFE_INTEGER })
  }

  /** In the order of their arrival; each author's own are in his order. Ends when the signal aborts. */
  async *read(after: string, signal: AbortSignal): AsyncGenerator<ReceivedMessage> {
    let place = parseCursor(after)
    while (!signal.aborted) {
      using arrivals = this.#happenings.read(signal)
      const events = this.#store.events.after(place.event - 1, EVENTS_PER_READ)
      for (const { id, kind, stream, from, to } of events) {
        if (kind === 'received' && stream !== null && from !== null && to !== null) {
          const first = id === place.event ? Math.max(from, place.seq + 1) : from
          for (const { row, view } of this.#views.rows(stream, first, to)) {
            place = { event: id, seq: row.seq }
            yield { ...view, cursor: formatCursor(place) }
            if (signal.aborted) return
          }
        }
        if (id > place.event) place = { event: id, seq: Number.MAX_SAFE_INTEGER }
      }
      if (events.length < EVENTS_PER_READ) await somethingIn(arrivals)
    }
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

interface Place {
  readonly event: number
  readonly seq: number
}

function formatCursor({ event, seq }: Place): string {
  return `${event}.${seq}`
}

function parseCursor(text: string): Place {
  const [, event, seq] = /^(\d{1,16})\.(\d{1,16})$/.exec(text) ?? []
  if (event === undefined || seq === undefined) throw new RangeError(`"${text}" is not a cursor of received messages`)
  return { event: Number(event), seq: Number(seq) }
}
