// Puts the chat together: what it knows, the peer behind it, and the screen before it.
import { once } from 'node:events'
import type { ApiClient } from '@parley/api-client'
import { Chat } from './chat.ts'
import { Home } from './home.ts'
import type { Look } from './lines.ts'
import { showScreen } from './screen.ts'
import { initialState, type Partner } from './state.ts'

/** Between two looks at the clock: times and days that are shown are not older. */
const TICK_MS = 10_000

export interface ChatScreenOptions {
  readonly client: ApiClient
  readonly find: (onLost: () => void) => Promise<ApiClient>
  /** Whose conversation is open at first. */
  readonly partner: Partner | undefined
  readonly look: Look
  readonly hasColour: boolean
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
  readonly now: () => number
  /** Ends the chat. */
  readonly signal: AbortSignal
}

/** What was written and not sent, when the chat ends. */
export interface Unsent {
  readonly name: string
  readonly text: string
}

/** Resolves when the person, or the signal, ends it; the terminal is as it was then, whatever happened. */
export async function runChat(options: ChatScreenOptions): Promise<Unsent[]> {
  const { client, find, partner, look, hasColour, stdin, stdout, now, signal } = options
  const { columns, rows } = stdout
  const chat = new Chat({ state: initialState({ columns, rows, now: now() }), look, now })
  const home = new Home({ chat, find, client })
  const ended = new AbortController()
  const isOver = AbortSignal.any([signal, ended.signal])
  const screen = showScreen({ chat, look, hasColour, stdin, stdout })
  chat.servedBy((wish) => {
    if (wish.type === 'quit') ended.abort()
    else if (wish.type === 'redraw') screen.redraw()
    else home.fulfil(wish)
  })
  // Whoever prints why this program breaks prints it where it stays.
  const giveBack = () => screen.unmount()
  process.prependListener('uncaughtException', giveBack)
  const ticking = setInterval(() => chat.tell({ type: 'tick' }), TICK_MS)
  try {
    if (partner !== undefined) chat.tell({ type: 'open', partner })
    const listening = home.listen(isOver)
    if (!isOver.aborted) await Promise.race([once(isOver, 'abort'), screen.waitUntilExit(), listening])
    ended.abort()
    await listening
  } finally {
    clearInterval(ticking)
    screen.unmount()
    await screen.waitUntilExit()
    process.off('uncaughtException', giveBack)
  }
  return unsent(chat)
}

function unsent(chat: Chat): Unsent[] {
  const { drafts, outgoing, conversations, editing, open } = chat.state()
  const nameOf = (account: string) =>
    conversations.find((one) => one.account === account)?.name ?? (open?.account === account ? open.name : account)
  const typed = [...drafts].filter(([account]) => account !== editing?.message.account)
  return [
    ...outgoing.map(({ partner, text }) => ({ name: partner.name, text })),
    ...typed.map(([account, { text }]) => ({ name: nameOf(account), text })),
  ]
}
