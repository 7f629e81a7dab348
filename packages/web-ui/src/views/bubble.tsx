import type { MessageView } from '@parley/shared/local-api/messages.ts'
import { useState } from 'preact/hooks'
import { RichText } from '#parts/rich-text.tsx'
import { StateShape, shownState } from '#parts/state-shape.tsx'
import { composing, isDetailsOpen, jump, overlay } from '#state/store.ts'
import { clockTime, exactTime } from '#text/times.ts'
import { words } from '#words/words.ts'
import { Actions } from './actions.tsx'
import { showActionsOnLongPress } from './long-press.ts'
import { Quote } from './quote.tsx'
import { Reactions } from './reactions.tsx'
import { Time } from './time.tsx'

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
      <div class={`bubble ${markOf(message)}`} onPointerDown={showActionsOnLongPress}>
        <Quote message={message} />
        <Content message={message} />
        <Meta message={message} hasTime={isLast} />
      </div>
      <Actions message={message} hasTime={!isLast} />
      <Reactions message={message} />
      <HoldLine message={message} />
    </article>
  )
}

/** Which one the box below is about, and which one somebody was led to. */
function markOf({ account, id }: MessageView): string {
  if (composing.value?.message.id === id) return 'is-meant'
  return jump.value?.account === account && jump.value.id === id ? 'is-found' : ''
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
