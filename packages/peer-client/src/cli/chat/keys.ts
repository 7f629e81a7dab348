// What keys do while nothing lies on top.
import { TYPING_TOLD_MS } from '@parley/shared/limits.ts'
import { onBoxKey } from './box-keys.ts'
import type { Key, Step } from './happening.ts'
import { layoutOf } from './layout.ts'
import type { Look } from './lines.ts'
import { onMessageLetter, onMessagesKey } from './message-keys.ts'
import { openPartner, scroll, stepConversation } from './moves.ts'
import { openKeys, openPalette, openSearch, openTrust } from './openings.ts'
import { boxOf, type ChatState, withBox } from './state.ts'
import { insert } from './text-box.ts'

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
  const next = withBox(state, insert(boxOf(state), text))
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
