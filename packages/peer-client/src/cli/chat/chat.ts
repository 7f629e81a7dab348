import type { Happening, Wish } from './happening.ts'
import type { Look } from './lines.ts'
import type { ChatState } from './state.ts'
import { update } from './update.ts'

interface ChatOptions {
  readonly state: ChatState
  readonly look: Look
  readonly now: () => number
}

/** The state as it is now, and who wants to know when it changes. */
export class Chat {
  readonly #look: Look
  readonly #now: () => number
  readonly #watchers = new Set<() => void>()
  #state: ChatState
  #fulfil: (wish: Wish) => void = () => undefined

  constructor({ state, look, now }: ChatOptions) {
    this.#state = state
    this.#look = look
    this.#now = now
  }

  /** Who does what the chat wants done. */
  servedBy(fulfil: (wish: Wish) => void): void {
    this.#fulfil = fulfil
  }

  readonly state = (): ChatState => this.#state

  readonly watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  readonly tell = (happening: Happening): void => {
    const [next, wishes] = update(this.#state, happening, this.#look, this.#now())
    this.#state = next
    for (const watcher of this.#watchers) watcher()
    for (const wish of wishes) this.#fulfil(wish)
  }
}
