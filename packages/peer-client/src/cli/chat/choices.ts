// What the palette offers for what is typed in it.
import type { FoundUser } from '@parley/shared/local-api/peers.ts'
import type { ChatState, Layer, Partner } from './state.ts'

export type Choice =
  | { readonly type: 'conversation'; readonly partner: Partner; readonly isOnline: boolean; readonly unread: number }
  | { readonly type: 'person'; readonly partner: Partner; readonly user: FoundUser }
  | { readonly type: 'action'; readonly action: Action; readonly words: string }

export type Action = 'search' | 'search-everywhere' | 'trust' | 'keys' | 'quit'

export function choicesOf(state: ChatState, { box, found }: Extract<Layer, { type: 'palette' }>): Choice[] {
  const query = box.text.trim().toLowerCase()
  const { conversations, open, status } = state
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
    ...actions(open)
      .filter(({ words }) => words.toLowerCase().includes(query))
      .map((action) => ({ type: 'action' as const, ...action })),
  ]
}

function actions(open: Partner | undefined): { action: Action; words: string }[] {
  return [
    ...(open === undefined
      ? []
      : [
          { action: 'search' as const, words: `Search with ${open.name}` },
          { action: 'trust' as const, words: `Safety number and key of ${open.name}` },
        ]),
    { action: 'search-everywhere', words: 'Search everywhere' },
    { action: 'keys', words: 'Keys' },
    { action: 'quit', words: 'Quit' },
  ]
}
