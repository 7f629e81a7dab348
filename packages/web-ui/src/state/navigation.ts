// Which page is shown. The browser's back button goes where one came from.
import type { MessageView } from '@parley/shared/local-api/messages.ts'
import type { Daemon } from './daemon.ts'
import { composing, conversations, isDetailsOpen, overlay, type Partner, partner, type View, view } from './store.ts'

/** Called at the start, and for every step of the browser's history. */
export function followHistory(daemon: Daemon): void {
  addEventListener('popstate', ({ state }) => show(daemon, viewFrom(state)))
  // What was open before a reload is open after it.
  show(daemon, viewFrom(history.state))
}

export function openThread(daemon: Daemon, { account, name }: Partner): void {
  if (partner.value?.account === account) return
  go(daemon, { type: 'thread', partner: { account, name } })
}

/** The conversation, with this message in sight. */
export function openMessage(daemon: Daemon, { account, with: name, id }: MessageView): void {
  openThread(daemon, { account, name })
  void daemon.threads.jumpTo({ account, name }, id)
}

export function openNetwork(daemon: Daemon): void {
  go(daemon, { type: 'network' })
}

export function openList(daemon: Daemon): void {
  go(daemon, { type: 'none' })
}

/** The next conversation of the list, or the previous one. */
export function step(daemon: Daemon, by: 1 | -1): void {
  const all = conversations.value
  const at = all.findIndex(({ account }) => account === partner.value?.account)
  const next = all[at === -1 ? (by === 1 ? 0 : all.length - 1) : at + by]
  if (next !== undefined) openThread(daemon, next)
}

function go(daemon: Daemon, to: View): void {
  history.pushState(to, '')
  show(daemon, to)
}

function show(daemon: Daemon, to: View): void {
  const from = partner.value
  overlay.value = undefined
  composing.value = undefined
  if (from !== undefined) daemon.threads.leave(from.account)
  if (to.type !== 'thread') isDetailsOpen.value = false
  view.value = to
  if (to.type === 'thread') void daemon.threads.open(to.partner)
}

function viewFrom(state: unknown): View {
  if (typeof state !== 'object' || state === null || !('type' in state)) return { type: 'none' }
  if (state.type === 'network') return { type: 'network' }
  if (state.type !== 'thread' || !('partner' in state)) return { type: 'none' }
  const { partner: one } = state
  if (typeof one !== 'object' || one === null || !('account' in one) || !('name' in one)) return { type: 'none' }
  const { account, name } = one
  return typeof account === 'string' && typeof name === 'string'
    ? { type: 'thread', partner: { account, name } }
    : { type: 'none' }
}
