// How messages that arrive find their place among those that are loaded.
import type { MessageView } from '@parley/shared/local-api/messages.ts'

/** In the order of the conversation; one that is there already is replaced where it stands. */
export function withMessage(messages: readonly MessageView[], message: MessageView): readonly MessageView[] {
  const at = messages.findLastIndex(({ id }) => id === message.id)
  const known = messages[at]
  if (known !== undefined) return messages.with(at, newerOf(known, message))
  const behind = messages.findLastIndex(({ lamport }) => lamport <= message.lamport)
  return messages.toSpliced(behind + 1, 0, message)
}

/** A page, newest first, before what is loaded or over it; undefined when something may be missing between the two. */
export function withPage(
  messages: readonly MessageView[],
  page: readonly MessageView[],
): readonly MessageView[] | undefined {
  const known = new Map(messages.map((message) => [message.id, message]))
  const isTouching = messages.length === 0 || page.some(({ id }) => known.has(id))
  if (!isTouching) return undefined
  for (const message of page) known.set(message.id, newerOf(known.get(message.id) ?? message, message))
  const places = new Map([...page.toReversed(), ...messages].map(({ id }, at) => [id, at]))
  return [...known.values()].toSorted(
    (a, b) => a.lamport - b.lamport || (places.get(a.id) ?? 0) - (places.get(b.id) ?? 0),
  )
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

/** The first of the last `unread` texts of the other side. */
export function firstUnread(messages: readonly MessageView[], unread: number): string | undefined {
  if (unread === 0) return undefined
  return messages.filter(({ direction, kind }) => direction === 'in' && kind === 'text').at(-unread)?.id
}
