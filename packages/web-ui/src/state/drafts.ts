// What was typed and not sent, kept over reloads and closings of the page.
import { z } from 'zod'

const MAX_DRAFTS = 200

/** The drafts of one account of mine, by the account that they are for. */
export class Drafts {
  readonly #key: string
  readonly #texts: Map<string, string>

  constructor(me: string) {
    this.#key = `parley-drafts ${me}`
    this.#texts = new Map(read(this.#key))
  }

  get(account: string): string {
    return this.#texts.get(account) ?? ''
  }

  set(account: string, text: string): void {
    this.#texts.delete(account)
    if (text !== '') this.#texts.set(account, text)
    for (const oldest of this.#texts.keys()) {
      if (this.#texts.size <= MAX_DRAFTS) break
      this.#texts.delete(oldest)
    }
    try {
      localStorage.setItem(this.#key, JSON.stringify([...this.#texts]))
    } catch {
      // Storage is full or switched off: the draft lives as long as the page.
    }
  }
}

const Kept = z.array(z.tuple([z.string(), z.string()]))

function read(key: string): [string, string][] {
  try {
    return Kept.parse(JSON.parse(localStorage.getItem(key) ?? '[]'))
  } catch {
    return []
  }
}
