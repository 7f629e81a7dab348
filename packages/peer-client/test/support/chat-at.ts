import type { ApiClient } from '@parley/api-client'
import { Chat } from '#cli/chat/chat.ts'
import { draw, type Frame } from '#cli/chat/draw.ts'
import type { Key, KeyName } from '#cli/chat/happening.ts'
import { Home } from '#cli/chat/home.ts'
import { initialState } from '#cli/chat/state.ts'

/** On a slow machine, for what should take far less. */
const PATIENCE_MS = 60_000

interface ChatLook {
  readonly client: ApiClient
  /** Where the daemon is found; by default where it was. */
  readonly find?: (onLost: () => void) => Promise<ApiClient>
  readonly columns?: number
  readonly rows?: number
  readonly isUtf8?: boolean
  readonly now?: () => number
}

/** The chat with everything but ink: keys go in, and the screen is read as text. */
export interface ChatAt extends AsyncDisposable {
  readonly chat: Chat
  /** True since somebody wanted to quit. */
  readonly hasQuit: boolean
  press(name: KeyName | `letter-${string}`, held?: Partial<Pick<Key, 'ctrl' | 'alt'>>): void
  type(text: string): void
  frame(): Frame
  /** What is in the right column, without the spaces at the ends. */
  main(): string
  list(): string
  foot(): string
  /** Resolves with the right column when it has the text. */
  see(text: string | RegExp): Promise<string>
}

export function chatAt({ client, find, columns = 80, rows = 24, isUtf8 = true, now = Date.now }: ChatLook): ChatAt {
  const look = { isUtf8 }
  const chat = new Chat({ state: initialState({ columns, rows, now: now() }), look, now })
  const home = new Home({ chat, client, find: find ?? (() => Promise.resolve(client)) })
  let hasQuit = false
  chat.servedBy((wish) => {
    if (wish.type === 'quit') hasQuit = true
    else home.fulfil(wish)
  })
  const ended = new AbortController()
  const listening = home.listen(ended.signal)
  const frame = () => draw(chat.state(), look)
  const main = () => textOf(frame().main)
  return {
    chat,
    get hasQuit() {
      return hasQuit
    },
    press: (name, { ctrl = false, alt = false } = {}) => chat.tell({ type: 'key', key: { name, ctrl, alt } }),
    type: (text) => chat.tell({ type: 'text', text }),
    frame,
    main,
    list: () => textOf(frame().list),
    foot: () => textOf([frame().foot]),
    see: async (text) => {
      const isThere = () => (typeof text === 'string' ? main().includes(text) : text.test(main()))
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const timer = setTimeout(() => reject(new Error(`${text} is not there:\n${main()}`)), PATIENCE_MS)
      const look = () => {
        if (isThere()) resolve()
      }
      const unwatch = chat.watch(look)
      look()
      await promise.finally(() => {
        clearTimeout(timer)
        unwatch()
      })
      return main()
    },
    [Symbol.asyncDispose]: async () => {
      ended.abort()
      await listening
    },
  }
}

function textOf(lines: Frame['main']): string {
  return lines
    .map((line) =>
      line
        .map(({ text }) => text)
        .join('')
        .trimEnd(),
    )
    .join('\n')
}
