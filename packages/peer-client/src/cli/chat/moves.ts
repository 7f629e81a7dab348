// Moves that several keys and events make.
import { firstUnread } from '@parley/api-client/loaded-messages.ts'
import type { MessageView } from '@parley/shared/local-api/messages.ts'
import type { Step } from './happening.ts'
import { layoutOf, type openRows, shownRows } from './layout.ts'
import type { Look } from './lines.ts'
import { type ChatState, conversationOf, type Partner, threadOf, withThread } from './state.ts'
import type { PagePlace } from './thread.ts'

/** Somebody who pressed a key within this time is looking at the screen. */
const LOOKING_MS = 30_000
/** More messages are asked for when so few rows are left. */
const NEAR_ROWS = 10
/** What stands around a message that somebody was led to. */
const CONTEXT_ROWS = 4

export function openPartner(state: ChatState, { account, name }: Partner): Step {
  if (state.open?.account === account) return [{ ...state, focus: 'box', listed: account }, []]
  const partner = { account, name }
  return askFor(enter(state, partner), partner, { at: 'end' })
}

function enter(state: ChatState, { account, name }: Partner): ChatState {
  if (state.open?.account === account) return state
  const next: ChatState = {
    ...leave(state),
    open: { account, name },
    listed: account,
    focus: 'box',
    selected: undefined,
    anchor: undefined,
    unfolded: new Set(),
    toldAt: 0,
  }
  return withUnreadLine(next, account)
}

/** A page of the conversation, which is on its way now. */
export function askFor(state: ChatState, partner: Partner, place: PagePlace): Step {
  const asking = withThread(state, partner.account, (thread) => ({ ...thread, asked: place.at }))
  return [asking, [{ type: 'load', partner, place }]]
}

/** To a message from however far back; what is around it comes first where it is not loaded. */
export function goTo(state: ChatState, message: MessageView, look: Look): Step {
  const { account, id } = message
  const partner = { account, name: message.with }
  const { isLoaded, messages } = threadOf(state, account)
  if (isLoaded && messages.some((one) => one.id === id))
    return selectMessage(enter(state, partner), id, look, CONTEXT_ROWS)
  return askFor(state, partner, { at: 'around', id })
}

/** To the newest messages, which are loaded first where somebody was led far back. */
export function toEnd(state: ChatState): Step {
  const { open } = state
  const next = { ...state, anchor: undefined }
  if (open === undefined || threadOf(state, open.account).newer === undefined) return [next, []]
  return askFor(next, open, { at: 'end' })
}

/** The conversation that was open: its line above what is new has been seen, and what was changed there stays as it was. */
function leave(state: ChatState): ChatState {
  const { open, editing } = state
  if (open === undefined) return state
  const kept = withThread(state, open.account, (thread) => ({ ...thread, unreadFrom: undefined }))
  if (editing === undefined) return kept
  const drafts = new Map(kept.drafts)
  if (editing.draft.text === '') drafts.delete(editing.message.account)
  else drafts.set(editing.message.account, editing.draft)
  return { ...kept, editing: undefined, drafts }
}

export function withUnreadLine(state: ChatState, account: string): ChatState {
  const unread = conversationOf(state, account)?.unread ?? 0
  if (threadOf(state, account).newer !== undefined) return state
  return withThread(state, account, (thread) => ({
    ...thread,
    unreadFrom: thread.unreadFrom ?? firstUnread(thread.messages, unread),
  }))
}

/** The next conversation of the list, or the previous one. */
export function stepConversation(state: ChatState, by: 1 | -1): Step {
  const { conversations, open } = state
  const at = conversations.findIndex(({ account }) => account === open?.account)
  const next = conversations[at === -1 ? (by === 1 ? 0 : conversations.length - 1) : at + by]
  return next === undefined ? [state, []] : openPartner(state, next)
}

/** So many rows towards the older messages; below 0 towards the newer ones. */
export function scroll(state: ChatState, by: number, look: Look): Step {
  const layout = layoutOf(state, look)
  const { rows, top, below } = shownRows(state, look, layout)
  const bottom = rows.length - 1 - below
  const target = Math.min(rows.length - 1, Math.max(Math.min(layout.messageRows, rows.length) - 1, bottom - by))
  const next = anchoredAt(state, rows, target, by > 0 ? -1 : 1)
  return loadMore(next, top - by, rows.length - 1 - target)
}

export function scrollToTop(state: ChatState, look: Look): Step {
  return scroll(state, Number.MAX_SAFE_INTEGER, look)
}

function anchoredAt(state: ChatState, rows: ReturnType<typeof openRows>, target: number, direction: 1 | -1): ChatState {
  let at = target
  while (at > 0 && at < rows.length - 1 && rows[at]?.id === undefined) at += direction
  const row = rows[at]
  const isNewest = at >= rows.length - 1 || row?.id === undefined
  return { ...state, anchor: isNewest ? undefined : { id: row.id, row: row.row } }
}

/** What is beyond the messages that are loaded, when so few of their rows are left there. */
function loadMore(state: ChatState, rowsAbove: number, rowsBelow: number): Step {
  const { open } = state
  const { older, newer, asked } = threadOf(state, open?.account)
  if (open === undefined || asked !== undefined) return [state, []]
  if (older !== undefined && rowsAbove <= NEAR_ROWS) return askFor(state, open, { at: 'before', id: older })
  if (newer !== undefined && rowsBelow <= NEAR_ROWS) return askFor(state, open, { at: 'after', id: newer })
  return [state, []]
}

/** The message before or after the chosen one; the newest at first. */
export function select(state: ChatState, by: 1 | -1, look: Look): Step {
  const { messages } = threadOf(state, state.open?.account)
  const at = messages.findIndex(({ id }) => id === state.selected)
  const next = messages[at === -1 ? messages.length - 1 : Math.max(0, Math.min(messages.length - 1, at + by))]
  return next === undefined ? [state, []] : selectMessage(state, next.id, look)
}

/** It is chosen, and on the screen; where that has to move, so many rows are shown before it or after it. */
function selectMessage(state: ChatState, id: string, look: Look, context = 0): Step {
  const chosen: ChatState = { ...state, selected: id, focus: 'messages' }
  const layout = layoutOf(chosen, look)
  const { rows, top } = shownRows(chosen, look, layout)
  const first = rows.findIndex((row) => row.id === id)
  const last = rows.findLastIndex((row) => row.id === id)
  const height = layout.messageRows
  let next = chosen
  if (first < top)
    next = anchoredAt(chosen, rows, Math.min(rows.length - 1, Math.max(first - context, 0) + height - 1), 1)
  else if (last >= top + height) next = anchoredAt(chosen, rows, Math.min(rows.length - 1, last + context), 1)
  return loadMore(next, first, rows.length - 1 - last)
}

/** The newest messages stand on the screen and somebody looks at them. */
export function markSeen(state: ChatState): Step {
  const { open, anchor, line, now, keyAt, layer } = state
  const unread = conversationOf(state, open?.account)?.unread ?? 0
  const { messages, newer } = threadOf(state, open?.account)
  const newest = newer === undefined ? messages.at(-1) : undefined
  const isSeen = layer === undefined && anchor === undefined && line === 'up' && now - keyAt <= LOOKING_MS
  if (open === undefined || newest === undefined || unread === 0 || !isSeen) return [state, []]
  const conversations = state.conversations.map((one) => (one.account === open.account ? { ...one, unread: 0 } : one))
  return [{ ...state, conversations }, [{ type: 'mark-read', account: open.account, upTo: newest.id }]]
}
