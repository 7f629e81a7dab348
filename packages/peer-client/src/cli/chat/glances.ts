import type { ApiClient } from '@parley/api-client'
import type { Chat } from './chat.ts'

/** What happens within this time is looked at together. */
const GLANCE_MS = 150

/** Looks at how things stand: at the daemon itself, and in the list of conversations. */
export class Glances {
  readonly #chat: Chat
  readonly #client: () => ApiClient
  #isPlanned = false

  constructor(chat: Chat, client: () => ApiClient) {
    this.#chat = chat
    this.#client = client
  }

  async now(): Promise<void> {
    const client = this.#client()
    const [status, conversations] = await Promise.all([client.status(), client.conversations()])
    this.#chat.tell({ type: 'glance', status, conversations })
  }

  soon(): void {
    if (this.#isPlanned) return
    this.#isPlanned = true
    setTimeout(() => {
      this.#isPlanned = false
      this.now().catch(() => undefined)
    }, GLANCE_MS)
  }
}
