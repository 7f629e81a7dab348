// How messages that arrive find their place among those that are loaded.
import type { MessageView } from '@parley/shared/local-api/messages.ts'

/** In the order of the conversation; one that is there already is replaced where it stands. */
export function withMessage(messages: readonly MessageView[], message: MessageView): readonly MessageView[] {
  const at = messages.findLastIndex(({ id }) => id === message.id)
  if (at !== -1) return messages.with(at, message)
  const behind = messages.findLastIndex(({ lamport }) => lamport <= message.lamport)
  return messages.toSpliced(behind + 1, 0, message)
}

/** The newest page, newest first, over what was loaded before; undefined when something may be missing between the two. */
export function withNewestPage(
  messages: readonly MessageView[],
  page: readonly MessageView[],
): readonly MessageView[] | undefined {
  const newest = page.toReversed()
  const [oldest] = newest
  if (oldest === undefined) return messages.length === 0 ? [] : undefined
  const at = messages.findIndex(({ id }) => id === oldest.id)
  return at === -1 ? undefined : [...messages.slice(0, at), ...newest]
}
