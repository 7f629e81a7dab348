import type { MessageView } from '@parley/shared/local-api/messages.ts'
import { useDaemon } from '#parts/context.ts'
import { words } from '#words/words.ts'

/** What people think of a message; a click says the same, or takes mine back. */
export function Reactions({ message }: { message: MessageView }) {
  const daemon = useDaemon()
  const { reactions, with: name } = message
  if (reactions === undefined) return null
  return (
    <ul class="reactions" aria-label={words.message.reactions}>
      {reactions.map(({ emoji, by }) => {
        const isMine = by.some(({ direction }) => direction === 'out')
        const who = by.map(({ direction }) => (direction === 'out' ? words.message.you : name)).join(', ')
        return (
          <li key={emoji}>
            <button
              type="button"
              class="reaction"
              aria-pressed={isMine}
              aria-label={words.message.reaction(emoji, who)}
              title={isMine ? `${who}. ${words.message.takeBack}` : who}
              onClick={() => void daemon.react(message, isMine ? undefined : emoji)}
            >
              <span class="emoji">{emoji}</span>
              {by.length > 1 && <span>{by.length}</span>}
            </button>
          </li>
        )
      })}
    </ul>
  )
}

/** Mine, if there is one. */
export function myReaction({ reactions }: MessageView): string | undefined {
  return reactions?.find(({ by }) => by.some(({ direction }) => direction === 'out'))?.emoji
}
