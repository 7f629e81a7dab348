// What keys do while nothing lies on top.
import { randomUUID } from 'node:crypto'
import { MAX_TEXT_BYTES, TYPING_TOLD_MS } from '@parley/shared/limits.ts'
import type { MessageView } from '@parley/shared/local-api/messages.ts'
import type { Key, Step } from './happening.ts'
import { layoutOf } from './layout.ts'
import type { Look } from './lines.ts'
import { openPartner, scroll, scrollToTop, select, stepConversation } from './moves.ts'
import { openKeys, openPalette, openSearch, openTrust, openWhy } from './openings.ts'
import { boxOf, type ChatState, threadOf, withBox } from './state.ts'
import * as box from './text-box.ts'

/** The same everywhere, whatever lies on top; undefined for any other key. */
export function onGlobalKey(state: ChatState, { name, ctrl, alt }: Key): Step | undefined {
  if (alt && (name === 'up' || name === 'down'))
    return stepConversation({ ...state, layer: undefined }, name === 'up' ? -1 : 1)
  if (!ctrl) return undefined
  switch (name) {
    case 'letter-c':
      return [state, [{ type: 'quit' }]]
    case 'letter-p':
      return stepConversation({ ...state, layer: undefined }, -1)
    case 'letter-n':
      return stepConversation({ ...state, layer: undefined }, 1)
    case 'letter-k':
      return state.layer?.type === 'palette' ? [{ ...state, layer: undefined }, []] : openPalette(state, '')
    case 'letter-f':
      return openSearch(state, state.open === undefined)
    case 'letter-t':
      return openTrust(state)
    case 'letter-l':
      return [state, [{ type: 'redraw' }]]
    default:
      return undefined
  }
}

export function onKey(state: ChatState, key: Key, look: Look): Step {
  const global = onGlobalKey(state, key)
  if (global !== undefined) return global
  if (key.name === 'tab') return [{ ...state, ...nextFocus(state) }, []]
  if (key.name === 'page-up' || key.name === 'page-down') return onPage(state, key.name === 'page-up' ? 1 : -1, look)
  switch (state.focus) {
    case 'list':
      return onListKey(state, key)
    case 'messages':
      return onMessagesKey(state, key, look)
    case 'box':
      return onBoxKey(state, key, look)
  }
}

/** Typed, or pasted. Where there is no box, it is the beginning of a name. */
export function onText(state: ChatState, text: string): Step {
  const { open, focus } = state
  if (focus === 'list' || open === undefined) return text === '?' ? openKeys(state) : openPalette(state, text)
  if (focus === 'messages') return onMessageLetter(state, text)
  if (text === '?' && boxOf(state).text === '') return openKeys(state)
  const next = withBox(state, box.insert(boxOf(state), text))
  const { now, toldAt, editing } = state
  if (editing !== undefined || now - toldAt < TYPING_TOLD_MS) return [next, []]
  return [{ ...next, toldAt: now }, [{ type: 'tell-typing', account: open.account }]]
}

function nextFocus({ focus, open, threads }: ChatState): Pick<ChatState, 'focus' | 'selected'> {
  if (open === undefined) return { focus: 'list', selected: undefined }
  if (focus === 'list') return { focus: 'box', selected: undefined }
  const newest = threads.get(open.account)?.messages.at(-1)?.id
  return focus === 'box' && newest !== undefined
    ? { focus: 'messages', selected: newest }
    : { focus: 'list', selected: undefined }
}

function onPage(state: ChatState, direction: 1 | -1, look: Look): Step {
  const { messageRows } = layoutOf(state, look)
  return scroll(state, direction * Math.max(1, messageRows - 2), look)
}

function onListKey(state: ChatState, { name }: Key): Step {
  const { conversations, listed, open } = state
  const at = conversations.findIndex(({ account }) => account === listed)
  switch (name) {
    case 'up':
    case 'down': {
      const next = conversations[Math.max(0, Math.min(conversations.length - 1, at + (name === 'up' ? -1 : 1)))]
      return [{ ...state, listed: next?.account ?? listed }, []]
    }
    case 'enter':
    case 'right': {
      const chosen = conversations[at]
      return chosen === undefined ? openPalette(state, '') : openPartner(state, chosen)
    }
    case 'escape':
      return [open === undefined ? state : { ...state, focus: 'box' }, []]
    default:
      return [state, []]
  }
}

function onMessagesKey(state: ChatState, { name }: Key, look: Look): Step {
  switch (name) {
    case 'up':
      return select(state, -1, look)
    case 'down':
      return select(state, 1, look)
    case 'home':
      return scrollToTop(state, look)
    case 'end':
      return [{ ...state, anchor: undefined, selected: newestOf(state)?.id }, []]
    case 'enter':
      return state.selected === undefined ? [state, []] : openWhy(state, state.selected)
    case 'escape':
      return [{ ...state, focus: 'box', selected: undefined, anchor: undefined }, []]
    case 'delete':
      return onMessageLetter(state, 'd')
    default:
      return [state, []]
  }
}

function onMessageLetter(state: ChatState, text: string): Step {
  const message = threadOf(state, state.open?.account).messages.find(({ id }) => id === state.selected)
  if (text === '?') return openKeys(state)
  if (message === undefined) return [state, []]
  switch (text) {
    case ' ': {
      const unfolded = new Set(state.unfolded)
      if (!unfolded.delete(message.id)) unfolded.add(message.id)
      return [{ ...state, unfolded }, []]
    }
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
function edit(state: ChatState, message: MessageView): Step {
  if (message.direction !== 'out') return notMine(state)
  if (message.kind !== 'text' || message.deleted !== undefined) return [state, []]
  const draft = state.editing?.draft ?? boxOf(state)
  const editing = { ...state, editing: { message, draft }, focus: 'box' as const, selected: undefined }
  return [withBox(editing, box.boxWith(message.text)), []]
}

function onBoxKey(state: ChatState, key: Key, look: Look): Step {
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
      return [{ ...state, anchor: undefined }, []]
    case 'up': {
      if (typed.text !== '') return onLine(state, -1)
      const last = threadOf(state, state.open?.account).messages.findLast(
        ({ direction, kind, deleted }) => direction === 'out' && kind === 'text' && deleted === undefined,
      )
      return last === undefined ? [state, []] : edit(state, last)
    }
    case 'down':
      return onLine(state, 1)
    case 'end':
      if (typed.text === '') return [{ ...state, anchor: undefined }, []]
      return moved(state, key)
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

function newestOf(state: ChatState): MessageView | undefined {
  return threadOf(state, state.open?.account).messages.at(-1)
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
  const outgoing = [...state.outgoing, { key: randomUUID(), partner: open, text }]
  return [{ ...withBox(state, box.EMPTY_BOX), outgoing, anchor: undefined }, [{ type: 'send' }]]
}
