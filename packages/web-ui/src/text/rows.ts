// What a conversation shows, from top to bottom: days, the line above what is new, and messages in groups.
import type { MessageView } from '@parley/shared/local-api/messages.ts'
import type { Note } from '@parley/shared/local-api/notes.ts'
import { dayNumber } from './times.ts'

export type Row =
  | { readonly type: 'day'; readonly key: string; readonly at: number }
  | { readonly type: 'unread'; readonly key: string }
  | { readonly type: 'note'; readonly key: string; readonly note: Note }
  | {
      readonly type: 'message'
      readonly key: string
      readonly message: MessageView
      /** The first of several by the same author within GROUP_MS, and the last. */
      readonly isFirst: boolean
      readonly isLast: boolean
    }

const GROUP_MS = 5 * 60_000

/** `messages` and `notes` oldest first; `unreadFrom` is the id of the first that is new. */
export function rowsOf(
  messages: readonly MessageView[],
  unreadFrom: string | undefined,
  notes: readonly Note[] = [],
): Row[] {
  const rows: Row[] = []
  let before: MessageView | undefined
  let told = 0
  const isDue = (note: Note | undefined, upTo: number) => note !== undefined && note.lamport < upTo
  const tell = (upTo: number) => {
    for (const note of notes.slice(told)) {
      if (!isDue(note, upTo)) return
      rows.push({ type: 'note', key: `note ${note.kind} ${note.at} ${note.lamport}`, note })
      told += 1
    }
  }
  for (const [index, message] of messages.entries()) {
    const isParted = isDue(notes[told], message.lamport)
    tell(message.lamport)
    const isNewDay = before === undefined || dayNumber(before.sentAt) !== dayNumber(message.sentAt)
    if (isNewDay) rows.push({ type: 'day', key: `day ${message.id}`, at: message.sentAt })
    const isUnreadFrom = message.id === unreadFrom
    if (isUnreadFrom) rows.push({ type: 'unread', key: 'unread' })
    const next = messages[index + 1]
    const isFirst = isNewDay || isUnreadFrom || isParted || !belong(before, message)
    const isLast =
      next === undefined || next.id === unreadFrom || isDue(notes[told], next.lamport) || !belong(message, next)
    rows.push({ type: 'message', key: message.id, message, isFirst, isLast })
    before = message
  }
  tell(Number.POSITIVE_INFINITY)
  return rows
}

function belong(a: MessageView | undefined, b: MessageView): boolean {
  return (
    a !== undefined &&
    a.direction === b.direction &&
    Math.abs(b.sentAt - a.sentAt) <= GROUP_MS &&
    dayNumber(a.sentAt) === dayNumber(b.sentAt)
  )
}
