// How what arrives finds its place among the messages that a program has loaded of a conversation. Lists are oldest first, and never
// changed: each function returns another one.
import { MAX_QUOTED_CHARS } from '@parley/shared/limits.ts'
import type { MessageView } from '@parley/shared/local-api/messages.ts'
import type { Note } from '@parley/shared/local-api/notes.ts'

/**
 * With a message at its place in the order of the conversation; one that is there already is replaced where it stands, and answers to it
 * show what it says now.
 */
export function withMessage(messages: readonly MessageView[], message: MessageView): readonly MessageView[] {
  const at = messages.findLastIndex(({ id }) => id === message.id)
  const known = messages[at]
  if (known !== undefined) {
    const newer = newerOf(known, message)
    return withQuote(messages.with(at, newer), newer)
  }
  const behind = messages.findLastIndex(({ lamport }) => lamport <= message.lamport)
  return withQuote(messages.toSpliced(behind + 1, 0, message), message)
}

function withQuote(messages: readonly MessageView[], { id, direction, text }: MessageView): readonly MessageView[] {
  const quoted = text.slice(0, MAX_QUOTED_CHARS)
  const isStale = ({ replyTo }: MessageView) => replyTo?.message?.id === id && replyTo.message.text !== quoted
  if (!messages.some(isStale)) return messages
  const replyTo = { message: { id, direction, text: quoted } }
  return messages.map((message) => (isStale(message) ? { ...message, replyTo } : message))
}

/** Each once, in the order of the conversation. */
export function withNotes(notes: readonly Note[], more: readonly Note[] = []): readonly Note[] {
  const fresh = more.filter(
    (one) => !notes.some(({ at, kind, lamport }) => at === one.at && kind === one.kind && lamport === one.lamport),
  )
  if (fresh.length === 0) return notes
  return [...notes, ...fresh].toSorted((a, b) => a.lamport - b.lamport || a.at - b.at)
}

/** The newest page, newest first as it came, over what was loaded before; undefined when something may be missing between the two. */
export function withNewestPage(
  messages: readonly MessageView[],
  page: readonly MessageView[],
): readonly MessageView[] | undefined {
  const newest = page.toReversed()
  const [oldest] = newest
  if (oldest === undefined) return messages.length === 0 ? [] : undefined
  const at = messages.findIndex(({ id }) => id === oldest.id)
  if (at === -1) return undefined
  const known = new Map(messages.map((message) => [message.id, message]))
  const merged = newest.map((message) => newerOf(known.get(message.id) ?? message, message))
  // What arrived while the page was under way is not on it.
  const end = newest.at(-1)?.lamport ?? 0
  const ids = new Set(newest.map(({ id }) => id))
  const since = messages.slice(at).filter(({ id, lamport }) => lamport > end && !ids.has(id))
  return [...messages.slice(0, at), ...merged, ...since]
}

/** States only rise: an answer that was overtaken by an event tells what was before. */
function newerOf(known: MessageView, told: MessageView): MessageView {
  return rankOf(told) < rankOf(known) ? known : told
}

const RANKS: readonly MessageView['state'][] = ['queued', 'sent', 'delivered', 'read']

/** The ends, and what has no state because others wrote it, are above all. */
function rankOf({ state }: MessageView): number {
  const rank = RANKS.indexOf(state)
  return rank === -1 ? RANKS.length : rank
}

/** The id of the first of the last `unread` texts of the other side. */
export function firstUnread(messages: readonly MessageView[], unread: number): string | undefined {
  if (unread === 0) return undefined
  return messages.filter(({ direction, kind }) => direction === 'in' && kind === 'text').at(-unread)?.id
}
