// What the daemon tells.
import { firstUnread, withMessage, withNewestPage, withNotes } from '@parley/api-client/loaded-messages.ts'
import type { Happening, Step, Wish } from './happening.ts'
import { withUnreadLine } from './moves.ts'
import { type ChatState, conversationOf, EMPTY_THREAD, threadOf, withThread } from './state.ts'

/** The line is up, again or for the first time: what happened while it was not is read from the history. */
export function caughtUp(state: ChatState, { status, conversations }: Extract<Happening, { type: 'up' }>): Step {
  const wasLost = state.line === 'lost'
  const { open } = state
  // What was loaded of the others may have a gap now.
  const threads = new Map(open === undefined ? [] : [[open.account, threadOf(state, open.account)] as const])
  const listed = state.listed ?? conversations[0]?.account
  const next: ChatState = { ...state, line: 'up', status, conversations, hasConversations: true, threads, listed }
  const notice = wasLost ? { text: 'Connected to your peer again.', isTrouble: false } : state.notice
  const marked = open === undefined ? next : withUnreadLine(next, open.account)
  const wishes: Wish[] = open === undefined ? [] : [{ type: 'load', partner: open }]
  if (state.outgoing.length > 0) wishes.push({ type: 'send' })
  if (state.layer?.type === 'why') wishes.push({ type: 'why', id: state.layer.id })
  return [{ ...marked, notice }, wishes]
}

export function arrived(state: ChatState, { message, isNew }: Extract<Happening, { type: 'message' }>): Step {
  const wishes: Wish[] =
    state.layer?.type === 'why' && state.layer.id === message.id ? [{ type: 'why', id: message.id }] : []
  // A change of another message: that one is told with it.
  if (message.about !== undefined) return [state, wishes]
  const { account } = message
  const thread = state.threads.get(account) ?? EMPTY_THREAD
  let next = state
  if (thread.isLoaded) {
    next = withThread(state, account, (before) => ({ ...before, messages: withMessage(before.messages, message) }))
  }
  if (isNew && message.direction === 'in') next = { ...next, writing: without(next.writing, account) }
  const isUnseen = isNew && message.direction === 'in' && state.open?.account === account
  if (isUnseen && conversationOf(state, account) !== undefined) next = withOneMoreUnread(next, account)
  return [isUnseen ? withUnreadLineWhenAway(next, account, message.id) : next, wishes]
}

/** Whoever has sent it writes no more. */
function without(writing: ChatState['writing'], account: string): ChatState['writing'] {
  const others = new Map(writing)
  others.delete(account)
  return others
}

/** Until the list is asked for anew. */
function withOneMoreUnread(state: ChatState, account: string): ChatState {
  const conversations = state.conversations.map((one) =>
    one.account === account ? { ...one, unread: one.unread + 1 } : one,
  )
  return { ...state, conversations }
}

/** Somebody who does not look now will want to know where to begin. */
const AWAY_MS = 30_000

function withUnreadLineWhenAway(state: ChatState, account: string, id: string): ChatState {
  if (state.now - state.keyAt <= AWAY_MS && state.anchor === undefined) return state
  return withThread(state, account, (thread) => ({ ...thread, unreadFrom: thread.unreadFrom ?? id }))
}

export function pageCame(state: ChatState, { account, page, before }: Extract<Happening, { type: 'page' }>): Step {
  const thread = threadOf(state, account)
  const { messages, next } = page
  if (before !== undefined) {
    if (thread.older !== before) return [state, []]
    const all = [...messages.toReversed(), ...thread.messages]
    const older = { messages: all, notes: withNotes(thread.notes, page.notes), older: next, isLoadingOlder: false }
    return [withThread(state, account, (known) => ({ ...known, ...older })), []]
  }
  const joined = thread.isLoaded ? withNewestPage(thread.messages, messages) : undefined
  const all = joined ?? messages.toReversed()
  const older = joined === undefined ? next : thread.older
  const unread = conversationOf(state, account)?.unread ?? 0
  const loaded = withThread(state, account, (known) => ({
    ...known,
    messages: all,
    notes: withNotes(joined === undefined ? [] : known.notes, page.notes),
    troubles: page.troubles,
    older,
    isLoaded: true,
    isLoadingOlder: false,
    unreadFrom: known.unreadFrom ?? firstUnread(all, unread),
  }))
  return [withUnreadLine(loaded, account), []]
}

/** Something happened to a conversation: it stands there, and is said at once. */
export function noted(state: ChatState, { account, note }: Extract<Happening, { type: 'note' }>): Step {
  const notice = { text: note.text, isTrouble: note.level === 'warn' }
  if (!threadOf(state, account).isLoaded) return [{ ...state, notice }, []]
  const next = withThread(state, account, (thread) => ({ ...thread, notes: withNotes(thread.notes, [note]) }))
  return [{ ...next, notice }, []]
}
