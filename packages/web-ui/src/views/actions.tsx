import type { MessageView } from '@parley/shared/local-api/messages.ts'
import { useRef, useState } from 'preact/hooks'
import { useDaemon } from '#parts/context.ts'
import { copy } from '#parts/copy.ts'
import { IconButton } from '#parts/icon-button.tsx'
import { type Composing, composing } from '#state/store.ts'
import { words } from '#words/words.ts'
import { EmojiPicker } from './emoji-picker.tsx'
import { Time } from './time.tsx'

/** What can be done with a message: over its edge while it is pointed at, or while one of these has the focus. */
export function Actions({ message, hasTime }: { message: MessageView; hasTime: boolean }) {
  const daemon = useDaemon()
  const [isPicking, setIsPicking] = useState(false)
  const bar = useRef<HTMLDivElement>(null)
  const { kind, text, state, deleted } = message
  if (kind !== 'text' || deleted !== undefined) return null
  const hasEnded = state === 'cancelled' || state === 'expired' || state === 'refused'
  const compose = (type: Composing['type']) => {
    composing.value = { type, account: message.account, message }
  }
  const stopPicking = () => {
    setIsPicking(false)
    bar.current?.querySelector<HTMLElement>('.react')?.focus()
  }
  return (
    <div ref={bar} class={`actions ${isPicking ? 'is-open' : ''}`}>
      {hasTime && !isPicking && <Time at={message.sentAt} />}
      {!hasEnded && (
        <IconButton
          icon="react"
          size={16}
          class="react"
          label={words.message.react}
          isPressed={isPicking}
          onClick={() => setIsPicking(!isPicking)}
        />
      )}
      {isPicking && <EmojiPicker message={message} onDone={stopPicking} />}
      {!isPicking && (
        <>
          {!hasEnded && (
            <IconButton icon="answer" size={16} label={words.message.answer} onClick={() => compose('answer')} />
          )}
          <IconButton icon="copy" size={16} label={words.message.copy} onClick={() => copy(text)} />
          {message.direction === 'in' && (
            <IconButton icon="trash" size={16} label={words.message.hide} onClick={() => void daemon.hide(message)} />
          )}
          {message.direction === 'out' && !hasEnded && <Changes message={message} onEdit={() => compose('edit')} />}
        </>
      )}
    </div>
  )
}

/** What only its author may do. */
function Changes({ message, onEdit }: { message: MessageView; onEdit: () => void }) {
  const daemon = useDaemon()
  const { cancel, edit, remove } = words.message
  return (
    <>
      <IconButton icon="edit" size={16} label={edit} onClick={onEdit} />
      {message.state === 'queued' ? (
        <IconButton icon="stop" size={16} label={cancel} onClick={() => void daemon.cancel(message)} />
      ) : (
        <IconButton icon="trash" size={16} label={remove} onClick={() => void daemon.remove(message)} />
      )}
    </>
  )
}
