import type { IncomingMessage } from 'node:http'
import type { RequestHandler } from 'express'
import type { DirectoryLimits } from '#limits/directory-limits.ts'
import type { DropReason, Drops } from './drops.ts'
import { HttpError } from './http-error.ts'
import { RateLimiter } from './rate-limiter.ts'
import type { Source, Sources } from './source-address.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** What a source may do only so often. */
export type Rate = 'registration' | 'lookup' | 'search' | 'write'

const REASONS = {
  registration: 'rate-registration',
  lookup: 'rate-lookup',
  search: 'rate-search',
  write: 'rate-write',
} as const satisfies Record<Rate, DropReason>

export type RateLimitMode = 'auto' | 'on' | 'off'

interface RateLimitsOptions {
  readonly limits: DirectoryLimits
  readonly sources: Sources
  /** Whether nothing is counted of this source. */
  readonly isExempt: (source: Source) => boolean
  readonly drops: Drops
}

/** How often each source may ask, and how often each device hands out one-time prekeys. */
export class RateLimits {
  readonly #sources: Sources
  readonly #isExempt: RateLimitsOptions['isExempt']
  readonly #drops: Drops
  readonly #limiters: Readonly<Record<Rate, RateLimiter>>
  readonly #watches: RateLimiter
  readonly #handouts: RateLimiter

  constructor({ limits, sources, isExempt, drops }: RateLimitsOptions) {
    const limiter = (count: number, perMs: number) => new RateLimiter({ count, perMs, maxKeys: limits.MAX_RATE_KEYS })
    this.#sources = sources
    this.#isExempt = isExempt
    this.#drops = drops
    this.#limiters = {
      registration: limiter(limits.MAX_REGISTRATIONS_PER_HOUR, HOUR_MS),
      lookup: limiter(limits.MAX_LOOKUPS_PER_MINUTE, MINUTE_MS),
      search: limiter(limits.MAX_SEARCHES_PER_MINUTE, MINUTE_MS),
      write: limiter(limits.MAX_WRITES_PER_MINUTE, MINUTE_MS),
    }
    this.#watches = limiter(limits.MAX_WATCHES_PER_MINUTE, MINUTE_MS)
    this.#handouts = limiter(limits.MAX_PREKEY_HANDOUTS_PER_HOUR, HOUR_MS)
  }

  /** Counts the request when it may go on. One that may not is still to be refused, by `admit`. */
  isAdmitted(request: IncomingMessage, rate: Rate): boolean {
    return this.#waitMs(request, rate) === 0
  }

  /** Throws `rate-limited`, which says when to come again. */
  admit(request: IncomingMessage, rate: Rate): void {
    const waitMs = this.#waitMs(request, rate)
    if (waitMs === 0) return
    this.#drops.count(REASONS[rate])
    const seconds = Math.max(1, Math.ceil(waitMs / 1_000))
    throw new HttpError('rate-limited', `too many requests from your address; try again in ${seconds} s`, {
      headers: { 'Retry-After': String(seconds) },
    })
  }

  /** The same as a handler before the one that it is for. */
  limit(rate: Rate): RequestHandler {
    return (request, _response, next) => {
      this.admit(request, rate)
      next()
    }
  }

  /** Whether a socket of this source may begin to watch so many names. */
  mayWatch(source: Source, names: number): boolean {
    return this.#isExempt(source) || this.#watches.take(source.block, names) === 0
  }

  /** Whether one more one-time prekey of the device may go out; if not, the last-resort key answers. */
  mayHandOut(request: IncomingMessage, device: string): boolean {
    if (this.#isExempt(this.#sources.of(request)) || this.#handouts.take(device) === 0) return true
    this.#drops.count('rate-prekeys')
    return false
  }

  #waitMs(request: IncomingMessage, rate: Rate): number {
    const source = this.#sources.of(request)
    return this.#isExempt(source) ? 0 : this.#limiters[rate].take(source.block)
  }
}

/**
 * Who is counted. `auto` leaves out this machine while nobody else can reach the directory: behind a proxy everybody comes from
 * this machine, and who listens for others serves strangers.
 */
export function exemption(mode: RateLimitMode, isPrivate: boolean): (source: Source) => boolean {
  if (mode === 'on') return () => false
  if (mode === 'off') return () => true
  return ({ isLoopback }) => isPrivate && isLoopback
}
