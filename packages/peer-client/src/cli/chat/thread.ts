// What is loaded of a conversation, and what pages and arrivals make of it.
import { firstUnread, withMessage, withNewestPage, withNotes } from '@parley/api-client/loaded-messages.ts'
import type { ConversationTroubles, HistoryPage, MessageView } from '@parley/shared/local-api/messages.ts'
import type { Note } from '@parley/shared/local-api/notes.ts'

/** A stretch of messages without a gap: up to the newest, or around one that somebody was led to. */
export interface Thread {
  /** Oldest first. */
  readonly messages: readonly MessageView[]
  /** What happened beside them, oldest first. */
  readonly notes: readonly Note[]
  readonly troubles: ConversationTroubles | undefined
  /** Where to ask on from, when there are older ones; and newer ones. */
  readonly older: string | undefined
  readonly newer: string | undefined
  readonly isLoaded: boolean
  /** The page that was asked for and has not come. */
  readonly asked: PagePlace['at'] | undefined
  /** What came while that was under way, and may be missing on it. */
  readonly meanwhile: readonly MessageView[]
  /** The line above what is new stands before this message, as long as the conversation stays open. */
  readonly unreadFrom: string | undefined
}

/** The newest messages, or those on one side of a message or around it. */
export type PagePlace = { readonly at: 'end' } | { readonly at: 'before' | 'after' | 'around'; readonly id: string }

export const EMPTY_THREAD: Thread = {
  messages: [],
  notes: [],
  troubles: undefined,
  older: undefined,
  newer: undefined,
  isLoaded: false,
  asked: undefined,
  meanwhile: [],
  unreadFrom: undefined,
}

/** With a message as it is now, wherever it has a place. */
export function withArrived(thread: Thread, message: MessageView): Thread {
  const { messages, newer, isLoaded, asked, meanwhile } = thread
  const isUpToNow = isLoaded && newer === undefined
  if (isUpToNow || messages.some(({ id }) => id === message.id)) {
    return { ...thread, messages: withMessage(messages, message) }
  }
  return asked === undefined ? thread : { ...thread, meanwhile: withMessage(meanwhile, message) }
}

/** The same thread when the page is none that it waits for any more: somebody was led elsewhere meanwhile. */
export function withPage(thread: Thread, page: HistoryPage, place: PagePlace, unread: number): Thread {
  const messages = page.messages.toReversed()
  const notes = withNotes(thread.notes, page.notes)
  const asked = thread.asked === place.at ? undefined : thread.asked
  switch (place.at) {
    case 'before':
      if (thread.older !== place.id) return thread
      return { ...thread, asked, notes, messages: [...messages, ...thread.messages], older: page.next }
    case 'after': {
      if (thread.newer !== place.id || thread.asked !== place.at) return thread
      const all = [...thread.messages, ...messages]
      return withMeanwhile({ ...thread, asked, notes, messages: all, newer: page.newer })
    }
    case 'around':
      if (thread.asked !== place.at) return thread
      return withMeanwhile({ ...thread, asked, isLoaded: true, ...stretchOf(page) })
    case 'end': {
      if (thread.newer !== undefined && thread.asked !== place.at) return thread
      const isUpToNow = thread.isLoaded && thread.newer === undefined
      const joined = isUpToNow ? withNewestPage(thread.messages, page.messages) : undefined
      const stretch = joined === undefined ? stretchOf(page) : { messages: joined, notes }
      const { troubles } = page
      const whole = withMeanwhile({ ...thread, asked, troubles, newer: undefined, isLoaded: true, ...stretch })
      return { ...whole, unreadFrom: thread.unreadFrom ?? firstUnread(whole.messages, unread) }
    }
  }
}

function stretchOf({
  messages,
  notes,
  next,
  newer,
}: HistoryPage): Pick<Thread, 'messages' | 'notes' | 'older' | 'newer'> {
  return { messages: messages.toReversed(), notes: withNotes([], notes), older: next, newer }
}

/** What came while a page was under way has its place where that reaches up to now. */
function withMeanwhile(thread: Thread): Thread {
  const { messages, newer, meanwhile } = thread
  if (newer !== undefined) return { ...thread, meanwhile: [] }
  const from = messages[0]?.lamport ?? 0
  const later = meanwhile.filter(({ lamport }) => lamport >= from)
  return { ...thread, messages: later.reduce(withMessage, messages), meanwhile: [] }
}
