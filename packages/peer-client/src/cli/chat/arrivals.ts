// What the daemon tells.
import { withNotes } from '@parley/api-client/loaded-messages.ts'
import type { Contact } from '@parley/shared/local-api/contacts.ts'
import type { Happening, Step, Wish } from './happening.ts'
import type { Look } from './lines.ts'
import { goTo } from './moves.ts'
import { type ChatState, conversationOf, threadOf, withThread } from './state.ts'
import { withArrived, withPage } from './thread.ts'

export function arrived(state: ChatState, { message, isNew }: Extract<Happening, { type: 'message' }>): Step {
  const wishes: Wish[] =
    state.layer?.type === 'why' && state.layer.id === message.id ? [{ type: 'why', id: message.id }] : []
  // A change of another message: that one is told with it.
  if (message.about !== undefined) return [state, wishes]
  const { account } = message
  let next = state.threads.has(account) ? withThread(state, account, (thread) => withArrived(thread, message)) : state
  if (isNew && message.direction === 'in') next = { ...next, writing: without(next.writing, account) }
  const isUnseen = isNew && message.direction === 'in' && state.open?.account === account
  if (isUnseen && conversationOf(state, account) !== undefined) next = withOneMoreUnread(next, account)
  return [isUnseen ? withUnreadLineWhenAway(next, account, message.id) : next, wishes]
}

/** What is loaded of the conversation carries the name from before. */
export function contactChanged(state: ChatState, contact: Contact): ChatState {
  const { account, name } = contact
  const { open, layer } = state
  const next: ChatState = {
    ...state,
    contacts: new Map(state.contacts).set(account, contact),
    open: open?.account === account ? { account, name } : open,
    layer: layer?.type === 'nickname' && layer.partner.account === account ? undefined : layer,
  }
  if (!state.threads.has(account)) return next
  return withThread(next, account, (thread) => ({
    ...thread,
    messages: thread.messages.map((message) => ({ ...message, with: name })),
  }))
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
  const isAtEnd = state.anchor === undefined && threadOf(state, account).newer === undefined
  if (state.now - state.keyAt <= AWAY_MS && isAtEnd) return state
  return withThread(state, account, (thread) => ({ ...thread, unreadFrom: thread.unreadFrom ?? id }))
}

export function pageCame(state: ChatState, happening: Extract<Happening, { type: 'page' }>, look: Look): Step {
  const { account, page, place } = happening
  const before = threadOf(state, account)
  const after = withPage(before, page, place, conversationOf(state, account)?.unread ?? 0)
  if (after === before) return [state, []]
  const next = withThread(state, account, () => after)
  const isOpen = state.open?.account === account
  switch (place.at) {
    case 'end':
      // Whoever looked at older ones asked for this to be here.
      return [isOpen && before.newer !== undefined ? { ...next, anchor: undefined } : next, []]
    case 'around': {
      const message = after.messages.find(({ id }) => id === place.id)
      return message === undefined ? [next, []] : goTo(next, message, look)
    }
    case 'after': {
      const last = before.messages.at(-1)?.id
      const isAtEnd = isOpen && state.anchor === undefined && last !== undefined
      // What stood at the bottom stays there.
      return [isAtEnd ? { ...next, anchor: { id: last, row: Number.MAX_SAFE_INTEGER } } : next, []]
    }
    case 'before':
      return [next, []]
  }
}

/** Something happened to a conversation: it stands there, and is said at once. */
export function noted(state: ChatState, { account, note }: Extract<Happening, { type: 'note' }>): Step {
  const notice = { text: note.text, isTrouble: note.level === 'warn' }
  if (!threadOf(state, account).isLoaded) return [{ ...state, notice }, []]
  const next = withThread(state, account, (thread) => ({ ...thread, notes: withNotes(thread.notes, [note]) }))
  return [{ ...next, notice }, []]
}
