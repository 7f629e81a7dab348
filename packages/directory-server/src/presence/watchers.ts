import type { PresenceChange } from '@parley/shared/directory-api/presence.ts'
import type { Name } from '@parley/shared/ids.ts'
import { MAX_CHANGES_PER_FRAME } from '@parley/shared/limits.ts'

/** Whoever is told. */
export interface Watcher {
  sendText(frame: Buffer): void
}

export interface WatchersOptions {
  readonly stateOf: (name: Name) => PresenceChange
  readonly failed: (error: unknown) => void
}

/**
 * Tells watchers what changed. All changes of one event-loop turn travel together, as the state at its end; a change is
 * encoded once however many watch it, and so is a frame that several watchers share.
 */
export class Watchers {
  readonly #stateOf: WatchersOptions['stateOf']
  readonly #failed: WatchersOptions['failed']
  readonly #watchers = new Map<Name, Set<Watcher>>()
  readonly #changed = new Set<Name>()
  #flush: NodeJS.Immediate | undefined
  #isStopped = false

  constructor({ stateOf, failed }: WatchersOptions) {
    this.#stateOf = stateOf
    this.#failed = failed
  }

  /** How many names somebody watches. */
  get names(): number {
    return this.#watchers.size
  }

  add(watcher: Watcher, name: Name): void {
    const watchers = this.#watchers.get(name)
    if (watchers === undefined) this.#watchers.set(name, new Set([watcher]))
    else watchers.add(watcher)
  }

  remove(watcher: Watcher, name: Name): void {
    const watchers = this.#watchers.get(name)
    if (watchers?.delete(watcher) && watchers.size === 0) this.#watchers.delete(name)
  }

  /** Tells the state of these names at the end of this turn to those who watch them. */
  announce(names: Iterable<Name>): void {
    if (this.#isStopped) return
    for (const name of names) if (this.#watchers.has(name)) this.#changed.add(name)
    if (this.#changed.size > 0) this.#flush ??= setImmediate(() => this.#tell())
  }

  stop(): void {
    this.#isStopped = true
    clearImmediate(this.#flush)
  }

  #tell(): void {
    this.#flush = undefined
    const changed = [...this.#changed]
    this.#changed.clear()
    try {
      const news = new Map<Watcher, string[]>()
      for (const name of changed) this.#collect(name, news)
      const frames = new Map<string, Buffer>()
      for (const [watcher, changes] of news) {
        for (let from = 0; from < changes.length; from += MAX_CHANGES_PER_FRAME) {
          watcher.sendText(encode(changes.slice(from, from + MAX_CHANGES_PER_FRAME).join(','), frames))
        }
      }
    } catch (error) {
      this.#failed(error)
    }
  }

  #collect(name: Name, news: Map<Watcher, string[]>): void {
    const watchers = this.#watchers.get(name)
    if (watchers === undefined) return
    const change = JSON.stringify(this.#stateOf(name))
    for (const watcher of watchers) {
      const changes = news.get(watcher)
      if (changes === undefined) news.set(watcher, [change])
      else changes.push(change)
    }
  }
}

function encode(changes: string, frames: Map<string, Buffer>): Buffer {
  const known = frames.get(changes)
  if (known !== undefined) return known
  const frame = Buffer.from(`{"type":"presence","changes":[${changes}]}`)
  frames.set(changes, frame)
  return frame
}
