import type { Name } from '@parley/shared/ids.ts'
import type { OwnUser } from '#own-user.ts'
import { PresenceLine } from '#presence-line.ts'

/** Those of my users who are online through this console. */
export class OnlineUsers {
  readonly #url: string
  readonly #stop: AbortSignal
  readonly #lines = new Map<Name, PresenceLine>()
  #news: string[] = []

  constructor(url: string, stop: AbortSignal) {
    this.#url = url
    this.#stop = stop
  }

  get names(): Name[] {
    return [...this.#lines.keys()].toSorted()
  }

  line(name: Name): PresenceLine | undefined {
    return this.#lines.get(name)
  }

  /** What ended by itself since this was asked last, a sentence each. */
  takeNews(): string[] {
    const news = this.#news
    this.#news = []
    return news
  }

  /** Rejects with ConsoleError. */
  async connect(user: OwnUser): Promise<PresenceLine> {
    const existing = this.#lines.get(user.name)
    if (existing !== undefined) return existing
    const line = await PresenceLine.open({
      url: this.#url,
      prove: (nonce) => user.presenceProof(nonce),
      stop: this.#stop,
    })
    this.#lines.set(user.name, line)
    void line.ended.then((why) => {
      if (this.#lines.get(user.name) !== line) return
      this.#lines.delete(user.name)
      this.#news.push(`${user.name} is offline now: ${why}`)
    })
    return line
  }

  async disconnect(name: Name): Promise<void> {
    const line = this.#lines.get(name)
    this.#lines.delete(name)
    await line?.close()
  }

  async close(): Promise<void> {
    await Promise.all(this.names.map((name) => this.disconnect(name)))
  }
}
