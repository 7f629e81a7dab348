import type { MessageView } from '@parley/shared/local-api/messages.ts'
import type { Note } from '@parley/shared/local-api/notes.ts'

/** What stands in a conversation. */
export type Entry = MessageView | Note

/** Both oldest first. */
export function inOrder(messages: readonly MessageView[], notes: readonly Note[]): Entry[] {
  const entries: Entry[] = []
  let noted = 0
  for (const message of messages) {
    for (let note = notes[noted]; note !== undefined && note.lamport < message.lamport; note = notes[noted]) {
      entries.push(note)
      noted += 1
    }
    entries.push(message)
  }
  return [...entries, ...notes.slice(noted)]
}
