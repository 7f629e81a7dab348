import type { MessageView } from '@parley/shared/local-api/messages.ts'
import { useDaemon } from '#parts/context.ts'
import { plainLine } from '#text/markdown.ts'
import { words } from '#words/words.ts'

/** What a message answers: its author and beginning, and the way there. */
export function Quote({ message: { account, with: name, replyTo, deleted, kind } }: { message: MessageView }) {
  const daemon = useDaemon()
  if (replyTo === undefined || deleted !== undefined || kind !== 'text') return null
  const { message } = replyTo
  if (message === undefined) return <p class="quote quote-missing">{words.message.notArrived}</p>
  const who = message.direction === 'out' ? words.message.you : name
  return (
    <button
      type="button"
      class="quote"
      title={words.message.answerTo(who)}
      onClick={() => void daemon.threads.jumpTo({ account, name }, message.id)}
    >
      <span class="quote-who">{who}</span>
      <span class="quote-text">{message.text === '' ? words.message.nothingLeft : plainLine(message.text)}</span>
    </button>
  )
}
