import { MAX_CHANGES_PER_FRAME } from '@parley/shared/limits.ts'
import { textFrame } from './text-frame.ts'

/**
 * Changes that some watchers are to be told together, each of them as JSON. Whoever is to be told the same gets the same object,
 * so it is encoded once however many they are: `with` is called for one change after the other, each time for all its watchers.
 */
export class News {
  readonly #before: News | undefined
  readonly #change: string
  #next: News | undefined
  #frames: Buffer | undefined

  private constructor(before: News | undefined, change: string) {
    this.#before = before
    this.#change = change
  }

  static nothing(): News {
    return new News(undefined, '')
  }

  /** These and one more. */
  with(change: string): News {
    const next = this.#next
    if (next !== undefined && next.#change === change) return next
    this.#next = new News(this, change)
    return this.#next
  }

  /** Whole WebSocket frames, as few as may be. */
  get frames(): Buffer {
    this.#frames ??= encode(News.#changesOf(this))
    return this.#frames
  }

  static #changesOf(news: News): string[] {
    const changes: string[] = []
    for (let last = news; last.#before !== undefined; last = last.#before) changes.push(last.#change)
    return changes.reverse()
  }
}

function encode(changes: readonly string[]): Buffer {
  const frames: Buffer[] = []
  for (let from = 0; from < changes.length; from += MAX_CHANGES_PER_FRAME) {
    const some = changes.slice(from, from + MAX_CHANGES_PER_FRAME)
    frames.push(textFrame(`{"type":"presence","changes":[${some.join(',')}]}`))
  }
  const [only] = frames
  return only !== undefined && frames.length === 1 ? only : Buffer.concat(frames)
}
