// What was typed and not sent, and what it answers, kept over reloads and closings of the page.
import { z } from 'zod'

const MAX_DRAFTS = 200

interface Draft {
  readonly text: string
  /** The id of the message that it answers. */
  readonly answered?: string | undefined
}

const NOTHING: Draft = { text: '' }

/** The drafts of one account of mine, by the account that they are for. */
export class Drafts {
  readonly #key: string
  readonly #drafts: Map<string, Draft>

  constructor(me: string) {
    this.#key = `parley-drafts ${me}`
    this.#drafts = new Map(read(this.#key))
  }

  text(account: string): string {
    return this.#of(account).text
  }

  answered(account: string): string | undefined {
    return this.#of(account).answered
  }

  setText(account: string, text: string): void {
    this.#keep(account, { ...this.#of(account), text })
  }

  setAnswered(account: string, answered: string | undefined): void {
    this.#keep(account, { ...this.#of(account), answered })
  }

  #of(account: string): Draft {
    return this.#drafts.get(account) ?? NOTHING
  }

  #keep(account: string, draft: Draft): void {
    this.#drafts.delete(account)
    if (draft.text !== '' || draft.answered !== undefined) this.#drafts.set(account, draft)
    for (const oldest of this.#drafts.keys()) {
      if (this.#drafts.size <= MAX_DRAFTS) break
      this.#drafts.delete(oldest)
    }
    try {
      localStorage.setItem(this.#key, JSON.stringify([...this.#drafts]))
    } catch {
      // Storage is full or switched off: the draft lives as long as the page.
    }
  }
}

// Earlier pages kept the text alone.
const KeptDraft = z.union([
  z.string().transform((text): Draft => ({ text })),
  z.object({ text: z.string(), answered: z.string().optional() }),
])
const Kept = z.array(z.tuple([z.string(), KeptDraft]))

function read(key: string): [string, Draft][] {
  try {
    return Kept.parse(JSON.parse(localStorage.getItem(key) ?? '[]'))
  } catch {
    return []
  }
}
