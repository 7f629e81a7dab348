import type { MessageView } from '@parley/shared/local-api/messages.ts'
import { useState } from 'preact/hooks'
import { useDaemon } from '#parts/context.ts'
import { copy } from '#parts/copy.ts'
import { IconButton } from '#parts/icon-button.tsx'
import { RichText } from '#parts/rich-text.tsx'
import { StateShape, shownState } from '#parts/state-shape.tsx'
import { editing, isDetailsOpen, overlay } from '#state/store.ts'
import { clockTime, exactTime } from '#text/times.ts'
import { words } from '#words/words.ts'

const FOLDED_LINES = 30

export function Bubble({ message, isFirst, isLast }: { message: MessageView; isFirst: boolean; isLast: boolean }) {
  const { direction, sentAt, with: name } = message
  const isMine = direction === 'out'
  const author = isMine ? words.message.you : name
  return (
    <article
      class={`message ${isMine ? 'mine' : 'theirs'} ${isFirst ? 'is-first' : ''} ${isLast ? 'is-last' : ''}`}
      aria-label={`${author}, ${clockTime(sentAt)}`}
    >
      <div class={`bubble ${editing.value?.message.id === message.id ? 'is-editing' : ''}`}>
        <Content message={message} />
        <Meta message={message} hasTime={isLast} />
      </div>
      <Actions message={message} hasTime={!isLast} />
      <HoldLine message={message} />
    </article>
  )
}

function Meta({ message, hasTime }: { message: MessageView; hasTime: boolean }) {
  const { edited, deleted, state } = message
  const isEdited = edited !== undefined && deleted === undefined
  if (!isEdited && !hasTime && state === undefined) return null
  return (
    <span class="bubble-meta">
      {isEdited && <span title={exactTime(edited.at)}>{words.message.edited}</span>}
      {hasTime && <Time at={message.sentAt} />}
      <StateButton message={message} />
    </span>
  )
}

function Time({ at }: { at: number }) {
  return (
    <time class="meta" dateTime={new Date(at).toISOString()} title={exactTime(at)}>
      {clockTime(at)}
    </time>
  )
}

function Content({ message: { kind, text, deleted } }: { message: MessageView }) {
  const [isOpen, setIsOpen] = useState(false)
  if (deleted !== undefined) return <p class="given-up">{words.message.deleted}</p>
  if (kind === 'void') return <p class="given-up">{words.message.gaveUp}</p>
  if (kind !== 'text') return <p class="given-up">{words.message.unknown}</p>
  const isLong = text.split('\n', FOLDED_LINES + 1).length > FOLDED_LINES || text.length > FOLDED_LINES * 90
  if (!isLong) return <RichText text={text} />
  return (
    <>
      <div class={isOpen ? '' : 'folded'}>
        <RichText text={text} />
      </div>
      <button type="button" class="link-button" aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
        {isOpen ? words.message.less : words.message.more}
      </button>
    </>
  )
}

function StateButton({ message }: { message: MessageView }) {
  const state = shownState(message)
  if (state === undefined) return null
  const label = words.message.state(words.states[state])
  return (
    <button
      type="button"
      class="state-button"
      aria-label={label}
      title={label}
      data-state={state}
      onClick={() => {
        overlay.value = { type: 'why', messageId: message.id }
      }}
    >
      <StateShape state={state} />
    </button>
  )
}

/** What can be done with a message; beside it while it is pointed at, or while one of these has the focus. */
function Actions({ message, hasTime }: { message: MessageView; hasTime: boolean }) {
  const daemon = useDaemon()
  const { kind, text, state, deleted, direction } = message
  if (kind !== 'text' || deleted !== undefined) return null
  const hasEnded = state === 'cancelled' || state === 'expired' || state === 'refused'
  return (
    <div class="actions">
      {hasTime && <Time at={message.sentAt} />}
      <IconButton icon="copy" size={16} label={words.message.copy} onClick={() => copy(text)} />
      {direction === 'out' && !hasEnded && (
        <>
          <IconButton
            icon="edit"
            size={16}
            label={words.message.edit}
            onClick={() => {
              editing.value = { account: message.account, message }
            }}
          />
          {state === 'queued' ? (
            <IconButton
              icon="stop"
              size={16}
              label={words.message.cancel}
              onClick={() => void daemon.cancel(message)}
            />
          ) : (
            <IconButton
              icon="trash"
              size={16}
              label={words.message.remove}
              onClick={() => void daemon.remove(message)}
            />
          )}
        </>
      )}
    </div>
  )
}

/** What the user can do about a message that does not go out by itself. */
function HoldLine({ message: { hold, with: name, state } }: { message: MessageView }) {
  if (hold !== 'blocked-key-change' || state !== 'queued') return null
  return (
    <button
      type="button"
      class="link-button hold-line"
      onClick={() => {
        isDetailsOpen.value = true
      }}
    >
      {words.network.keyChanged}. {words.conversation.keyChangedButton}: {name}
    </button>
  )
}
