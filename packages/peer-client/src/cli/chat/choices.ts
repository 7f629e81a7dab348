// What the palette offers for what is typed in it.
import type { FoundUser } from '@parley/shared/local-api/peers.ts'
import { type ChatState, conversationOf, type Layer, type Partner } from './state.ts'

export type Choice =
  | { readonly type: 'conversation'; readonly partner: Partner; readonly isOnline: boolean; readonly unread: number }
  | { readonly type: 'person'; readonly partner: Partner; readonly user: FoundUser }
  | { readonly type: 'action'; readonly action: Action; readonly words: string }

export type Action = 'search' | 'search-everywhere' | 'trust' | 'nickname' | 'block' | 'unblock' | 'keys' | 'quit'

export function choicesOf(state: ChatState, { box, found }: Extract<Layer, { type: 'palette' }>): Choice[] {
  const query = box.text.trim().toLowerCase()
  const { conversations, status } = state
  const known = new Set(conversations.map(({ account }) => account))
  const people = found.filter(({ account }) => !known.has(account) && account !== status?.account)
  return [
    ...conversations
      .filter(({ name }) => name.toLowerCase().includes(query))
      .map(({ account, name, isConnected, presence, unread }) => ({
        type: 'conversation' as const,
        partner: { account, name },
        isOnline: isConnected || presence === 'online',
        unread,
      })),
    ...people.map((user) => ({
      type: 'person' as const,
      partner: { account: user.account, name: user.name },
      user,
    })),
    ...actions(state)
      .filter(({ words }) => words.toLowerCase().includes(query))
      .map((action) => ({ type: 'action' as const, ...action })),
  ]
}

function actions(state: ChatState): { action: Action; words: string }[] {
  const { open } = state
  return [
    ...(open === undefined
      ? []
      : [
          { action: 'search' as const, words: `Search with ${open.name}` },
          { action: 'trust' as const, words: `Safety number and key of ${open.name}` },
          ...contactActions(state, open),
        ]),
    { action: 'search-everywhere', words: 'Search everywhere' },
    { action: 'keys', words: 'Keys' },
    { action: 'quit', words: 'Quit' },
  ]
}

/** None for somebody whom this peer has never met. */
function contactActions(state: ChatState, { account, name }: Partner): { action: Action; words: string }[] {
  const contact = state.contacts.get(account)
  if (contact === undefined && conversationOf(state, account) === undefined) return []
  return [
    {
      action: 'nickname',
      words: contact?.nickname === undefined ? `Give ${name} a nickname` : `Change the nickname of ${name}`,
    },
    contact?.state === 'blocked'
      ? { action: 'unblock', words: `Unblock ${name}` }
      : { action: 'block', words: `Block ${name}` },
  ]
}
