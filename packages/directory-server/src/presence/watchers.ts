import type { PresenceChange } from '@parley/shared/directory-api/presence.ts'
import type { Name } from '@parley/shared/ids.ts'
import { News } from './news.ts'

/** Whoever is told. */
export interface Watcher {
  /** Whole WebSocket frames. */
  sendFrames(frames: Buffer): void
}

export interface WatchersOptions {
  readonly stateOf: (name: Name) => PresenceChange
  readonly failed: (error: unknown) => void
}

/**
 * Tells watchers what changed. All changes of one event-loop turn travel together, as the state at its end; a change is
 * encoded once however many watch it, and what several watchers are told is framed once, too.
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
      const news = new Map<Watcher, News>()
      const nothing = News.nothing()
      for (const name of changed) this.#collect(name, news, nothing)
      for (const [watcher, { frames }] of news) watcher.sendFrames(frames)
    } catch (error) {
      this.#failed(error)
    }
  }

  #collect(name: Name, news: Map<Watcher, News>, nothing: News): void {
    const watchers = this.#watchers.get(name)
    if (watchers === undefined) return
    const change = JSON.stringify(this.#stateOf(name))
    for (const watcher of watchers) news.set(watcher, (news.get(watcher) ?? nothing).with(change))
  }
}
