// What keys do to the chosen message.
import type { MessageView } from '@parley/shared/local-api/messages.ts'
import type { Key, Step } from './happening.ts'
import type { Look } from './lines.ts'
import { scrollToTop, select, toEnd } from './moves.ts'
import { openKeys, openReact, openWhy } from './openings.ts'
import { boxOf, type ChatState, threadOf, withBox } from './state.ts'
import { boxWith } from './text-box.ts'

export function onMessagesKey(state: ChatState, { name }: Key, look: Look): Step {
  switch (name) {
    case 'up':
      return select(state, -1, look)
    case 'down':
      return select(state, 1, look)
    case 'home':
      return scrollToTop(state, look)
    case 'end':
      return toEnd({ ...state, selected: threadOf(state, state.open?.account).messages.at(-1)?.id })
    case 'enter':
      return state.selected === undefined ? [state, []] : openWhy(state, state.selected)
    case 'escape':
      return toEnd({ ...state, focus: 'box', selected: undefined })
    case 'delete':
      return onMessageLetter(state, 'd')
    default:
      return [state, []]
  }
}

export function onMessageLetter(state: ChatState, text: string): Step {
  const message = threadOf(state, state.open?.account).messages.find(({ id }) => id === state.selected)
  if (text === '?') return openKeys(state)
  if (message === undefined) return [state, []]
  switch (text) {
    case ' ': {
      const unfolded = new Set(state.unfolded)
      if (!unfolded.delete(message.id)) unfolded.add(message.id)
      return [{ ...state, unfolded }, []]
    }
    case 'r':
      return isText(message) ? [answering(state, message), []] : [state, []]
    case '+':
      return isText(message) ? openReact(state, message) : [state, []]
    case 'w':
      return openWhy(state, message.id)
    case 'e':
      return edit(state, message)
    case 'c':
      return message.direction === 'out' ? [state, [{ type: 'cancel', id: message.id }]] : notMine(state)
    case 'd':
      return message.direction === 'out'
        ? [{ ...state, layer: { type: 'delete', message, isHereOnly: false } }, []]
        : notMine(state)
    case 'h':
      return [{ ...state, layer: { type: 'delete', message, isHereOnly: true } }, []]
    default:
      return [state, []]
  }
}

function notMine(state: ChatState): Step {
  return [{ ...state, notice: { text: 'Only what you wrote can be changed or taken back.', isTrouble: false } }, []]
}

/** The box holds the message now, and gets back what was in it afterwards. */
export function edit(state: ChatState, message: MessageView): Step {
  if (message.direction !== 'out') return notMine(state)
  if (!isText(message)) return [state, []]
  const draft = state.editing?.draft ?? boxOf(state)
  const editing = { ...state, editing: { message, draft }, focus: 'box' as const, selected: undefined }
  return [withBox(editing, boxWith(message.text)), []]
}

/** What is written next answers it. */
function answering(state: ChatState, message: MessageView): ChatState {
  const answers = new Map(state.answers).set(message.account, message)
  return { ...state, answers, focus: 'box', selected: undefined }
}

/** There is something to answer, to react to, or to change. */
export function isText({ kind, deleted }: MessageView): boolean {
  return kind === 'text' && deleted === undefined
}
