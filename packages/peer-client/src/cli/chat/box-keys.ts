// What keys do to the box under the conversation, and to any other box to type in.
import { MAX_TEXT_BYTES } from '@parley/shared/limits.ts'
import type { Key, Step } from './happening.ts'
import type { Look } from './lines.ts'
import { edit, isText } from './message-keys.ts'
import { scrollToTop, toEnd } from './moves.ts'
import { answerOf, boxOf, type ChatState, threadOf, withBox, withoutAnswer } from './state.ts'
import * as box from './text-box.ts'

export function onBoxKey(state: ChatState, key: Key, look: Look): Step {
  const { name, ctrl, alt } = key
  const typed = boxOf(state)
  switch (name) {
    case 'enter':
      return alt ? [withBox(state, box.insert(typed, '\n')), []] : send(state)
    case 'letter-j':
      return ctrl ? [withBox(state, box.insert(typed, '\n')), []] : [state, []]
    case 'letter-d':
      return ctrl && typed.text === '' ? [state, [{ type: 'quit' }]] : moved(state, key)
    case 'escape':
      if (state.editing !== undefined) return [stopEditing(state), []]
      if (answerOf(state) !== undefined) return [withoutAnswer(state), []]
      return toEnd(state)
    case 'up': {
      if (typed.text !== '') return onLine(state, -1)
      const { messages } = threadOf(state, state.open?.account)
      const last = messages.findLast((message) => message.direction === 'out' && isText(message))
      return last === undefined ? [state, []] : edit(state, last)
    }
    case 'down':
      return onLine(state, 1)
    case 'end':
      return typed.text === '' ? toEnd(state) : moved(state, key)
    case 'home':
      return typed.text === '' ? scrollToTop(state, look) : moved(state, key)
    default:
      return moved(state, key)
  }
}

function moved(state: ChatState, key: Key): Step {
  const next = edited(boxOf(state), key)
  return next === undefined ? [state, []] : [withBox(state, next), []]
}

/** What a key does to a box to type in; undefined when it does nothing there. */
export function edited(typed: box.TextBox, { name, ctrl, alt }: Key): box.TextBox | undefined {
  switch (name) {
    case 'left':
      return ctrl || alt ? box.wordLeft(typed) : box.left(typed)
    case 'right':
      return ctrl || alt ? box.wordRight(typed) : box.right(typed)
    case 'home':
      return box.toLineStart(typed)
    case 'end':
      return box.toLineEnd(typed)
    case 'backspace':
      return box.removeTo(typed, ctrl || alt ? box.wordLeft : box.left)
    case 'delete':
      return box.removeTo(typed, box.right)
    default:
      return ctrl || alt ? LETTERS.get(`${ctrl ? 'ctrl' : 'alt'} ${name}`)?.(typed) : undefined
  }
}

/** As shells have them. */
const LETTERS: ReadonlyMap<string, (typed: box.TextBox) => box.TextBox> = new Map([
  ['ctrl letter-a', box.toLineStart],
  ['ctrl letter-e', box.toLineEnd],
  ['ctrl letter-b', box.left],
  ['ctrl letter-d', (typed) => box.removeTo(typed, box.right)],
  ['ctrl letter-h', (typed) => box.removeTo(typed, box.left)],
  ['ctrl letter-w', (typed) => box.removeTo(typed, box.wordLeft)],
  ['ctrl letter-u', (typed) => box.removeTo(typed, box.toLineStart)],
  ['alt letter-b', box.wordLeft],
  ['alt letter-f', box.wordRight],
  ['alt letter-d', (typed) => box.removeTo(typed, box.wordRight)],
])

/** To the line above or below in a text of several lines. */
function onLine(state: ChatState, by: 1 | -1): Step {
  const typed = boxOf(state)
  const start = box.toLineStart(typed).at
  const column = typed.at - start
  const edge = by === -1 ? start - 1 : box.toLineEnd(typed).at + 1
  if (edge < 0 || edge > typed.text.length) return [state, []]
  const there = { ...typed, at: edge }
  const from = box.toLineStart(there).at
  const at = Math.min(from + column, box.toLineEnd(there).at)
  return [withBox(state, { ...typed, at }), []]
}

function stopEditing(state: ChatState): ChatState {
  const { editing } = state
  return editing === undefined ? state : withBox({ ...state, editing: undefined }, editing.draft)
}

function send(state: ChatState): Step {
  const { open, editing } = state
  const { text } = boxOf(state)
  if (open === undefined || text.trim() === '') return [state, []]
  if (Buffer.byteLength(text) > MAX_TEXT_BYTES) {
    const sentence = `A message holds at most ${MAX_TEXT_BYTES / 1024} KiB of text: this one is longer.`
    return [{ ...state, notice: { text: sentence, isTrouble: true } }, []]
  }
  if (editing !== undefined) {
    const { message } = editing
    if (text === message.text) return [stopEditing(state), []]
    return [stopEditing(state), [{ type: 'edit', id: message.id, text }]]
  }
  const outgoing = [...state.outgoing, { key: crypto.randomUUID(), partner: open, text, answers: answerOf(state) }]
  const emptied = withoutAnswer(withBox(state, box.EMPTY_BOX))
  const [next, wishes] = toEnd({ ...emptied, outgoing })
  return [next, [...wishes, { type: 'send' }]]
}
