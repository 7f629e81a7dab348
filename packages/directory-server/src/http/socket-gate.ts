import type { Socket } from 'node:net'
import type { DirectoryLimits } from '#limits/directory-limits.ts'
import type { DropReason, Drops } from './drops.ts'
import { RateLimiter } from './rate-limiter.ts'
import type { WebServer } from './server.ts'
import type { Source, Sources } from './source-address.ts'

type GateLimits = Pick<DirectoryLimits, 'MAX_RATE_KEYS' | 'MAX_SOCKETS_PER_SOURCE' | 'MAX_NEW_SOCKETS_PER_SECOND'>

interface SocketGateOptions {
  readonly limits: GateLimits
  readonly sources: Sources
  readonly isExempt: (source: Source) => boolean
  readonly drops: Drops
}

/**
 * How many sockets each source holds and how fast it opens them. A socket is a connection, of whatever use; of those that come
 * through a proxy it is a WebSocket, because the proxy's connections are not theirs.
 */
export class SocketGate {
  readonly #most: number
  readonly #sources: Sources
  readonly #isExempt: SocketGateOptions['isExempt']
  readonly #drops: Drops
  readonly #newOnes: RateLimiter
  /** By block; only those that have some. */
  readonly #open = new Map<string, number>()

  constructor({ limits, sources, isExempt, drops }: SocketGateOptions) {
    this.#most = limits.MAX_SOCKETS_PER_SOURCE
    this.#sources = sources
    this.#isExempt = isExempt
    this.#drops = drops
    this.#newOnes = new RateLimiter({
      count: limits.MAX_NEW_SOCKETS_PER_SECOND,
      perMs: 1_000,
      maxKeys: limits.MAX_RATE_KEYS,
    })
  }

  /** Ends connections that are too many, before a byte of them is read. */
  guard(server: WebServer): void {
    server.prependListener('connection', (socket: Socket) => {
      const source = this.#sources.ofConnection(socket)
      if (this.#sources.isProxy(source.address)) return
      if (this.enter(source, socket) !== undefined) socket.destroy()
    })
  }

  /** Counts the socket until it closes, or says why there is no room for it. */
  enter(source: Source, socket: { once(event: 'close', run: () => void): unknown }): DropReason | undefined {
    if (this.#isExempt(source)) return undefined
    const reason = this.#judge(source.block)
    if (reason !== undefined) {
      this.#drops.count(reason)
      return reason
    }
    this.#open.set(source.block, this.#openOf(source.block) + 1)
    socket.once('close', () => this.#leave(source.block))
    return undefined
  }

  #judge(block: string): DropReason | undefined {
    if (this.#openOf(block) >= this.#most) return 'sockets-per-source'
    return this.#newOnes.take(block) > 0 ? 'new-sockets-per-source' : undefined
  }

  #openOf(block: string): number {
    return this.#open.get(block) ?? 0
  }

  #leave(block: string): void {
    const left = this.#openOf(block) - 1
    if (left > 0) this.#open.set(block, left)
    else this.#open.delete(block)
  }
}
