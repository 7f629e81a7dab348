// The line to the daemon is up, again or for the first time.
import { withNotes } from '@parley/api-client/loaded-messages.ts'
import type { DaemonEvent } from '@parley/shared/local-api/events.ts'
import type { Happening, Step } from './happening.ts'
import { askFor, withUnreadLine } from './moves.ts'
import { type ChatState, threadOf, withThread } from './state.ts'
import { type Thread, withArrived } from './thread.ts'

/** What happened meanwhile is in `missed`; where that is not known, what is loaded may have a gap and is read again. */
export function caughtUp(state: ChatState, happening: Extract<Happening, { type: 'up' }>): Step {
  const { status, conversations, contacts, missed } = happening
  const { open } = state
  const next: ChatState = {
    ...(missed === undefined ? withOpenThreadOnly(state) : missed.reduce(withMissed, state)),
    line: 'up',
    status,
    conversations,
    hasConversations: true,
    contacts: new Map(contacts.map((contact) => [contact.account, contact])),
    listed: state.listed ?? conversations[0]?.account,
    notice: state.line === 'lost' ? { text: 'Connected to your peer again.', isTrouble: false } : state.notice,
  }
  const marked = open === undefined ? next : withUnreadLine(next, open.account)
  const isStale = missed === undefined ? isUpToNow : mayBeBehind
  const isToLoad = open !== undefined && isStale(threadOf(next, open.account))
  const [asking, load] = isToLoad ? askFor(marked, open, { at: 'end' }) : [marked, []]
  const wishes = [...load]
  if (state.outgoing.length > 0) wishes.push({ type: 'send' })
  if (state.layer?.type === 'why') wishes.push({ type: 'why', id: state.layer.id })
  return [asking, wishes]
}

function withOpenThreadOnly(state: ChatState): ChatState {
  const { open } = state
  return { ...state, threads: new Map(open === undefined ? [] : [[open.account, threadOf(state, open.account)]]) }
}

function withMissed(state: ChatState, event: DaemonEvent): ChatState {
  if (event.type === 'message' || event.type === 'state') {
    const { message } = event
    if (!state.threads.has(message.account)) return state
    return withThread(state, message.account, (thread) => withArrived(thread, message))
  }
  if (event.type !== 'notice' || !threadOf(state, event.account).isLoaded) return state
  return withThread(state, event.account, (thread) => ({ ...thread, notes: withNotes(thread.notes, [event]) }))
}

/** Whoever reads far back goes on reading there. */
function isUpToNow({ newer }: Thread): boolean {
  return newer === undefined
}

/** That a message was sealed is told live only. */
function mayBeBehind({ isLoaded, messages, newer }: Thread): boolean {
  return !isLoaded || (newer === undefined && messages.some(({ state }) => state === 'queued'))
}
