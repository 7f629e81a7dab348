import { isIPv6 } from 'node:net'
import type { Clock } from '@parley/shared/clock.ts'
import {
  MAX_GATE_ADDRESSES,
  MAX_INBOUND_LINKS,
  MAX_LINKS_PER_ADDRESS,
  MAX_NEW_LINKS_PER_ADDRESS_PER_SECOND,
  MAX_PENDING_LINKS,
} from '@parley/shared/limits.ts'

export interface InboundLimits {
  readonly links: number
  readonly pending: number
  readonly perAddress: number
  readonly newPerAddressPerSecond: number
}

const INBOUND_LIMITS: InboundLimits = {
  links: MAX_INBOUND_LINKS,
  pending: MAX_PENDING_LINKS,
  perAddress: MAX_LINKS_PER_ADDRESS,
  newPerAddressPerSecond: MAX_NEW_LINKS_PER_ADDRESS_PER_SECOND,
}

/** The place of one inbound link. */
export interface Admission {
  /** It is no longer pending. */
  up(): void
  /** It is gone. Twice is safe. */
  leave(): void
}

interface Source {
  open: number
  /** Links this source may still open now; refilled with time. */
  credit: number
  creditAtMs: number
}

interface Pending {
  readonly source: Source | undefined
  readonly drop: () => void
}

/**
 * Counts what strangers may hold open before they have said who they are. When too many are pending, the oldest one of the
 * source that has most of them gives way, so that a flood crowds out itself and not the friend who dials in between.
 */
export class InboundGate {
  readonly #clock: Clock
  readonly #limits: InboundLimits
  readonly #sources = new Map<string, Source>()
  readonly #pending = new Set<Pending>()
  #open = 0

  constructor(clock: Clock, limits: Partial<InboundLimits> = {}) {
    this.#clock = clock
    this.#limits = { ...INBOUND_LIMITS, ...limits }
  }

  /** Undefined when the link must be dropped. `drop` is called when it has to give way to another. */
  admit(address: string | undefined, drop: () => void): Admission | undefined {
    if (this.#open >= this.#limits.links) return undefined
    const source = address === undefined ? undefined : this.#sourceOf(blockOf(address))
    if (source !== undefined && !this.#charge(source)) return undefined
    const pending = { source, drop }
    this.#open += 1
    if (source !== undefined) source.open += 1
    this.#pending.add(pending)
    if (this.#pending.size > this.#limits.pending) this.#makeRoom()
    let isGone = false
    return {
      up: () => {
        this.#pending.delete(pending)
      },
      leave: () => {
        if (isGone) return
        isGone = true
        this.#pending.delete(pending)
        this.#open -= 1
        if (source !== undefined) source.open -= 1
      },
    }
  }

  #charge(source: Source): boolean {
    const { perAddress, newPerAddressPerSecond } = this.#limits
    const nowMs = this.#clock.elapsedMs()
    const earned = ((nowMs - source.creditAtMs) / 1_000) * newPerAddressPerSecond
    source.credit = Math.min(newPerAddressPerSecond, source.credit + earned)
    source.creditAtMs = nowMs
    if (source.open >= perAddress || source.credit < 1) return false
    source.credit -= 1
    return true
  }

  #sourceOf(block: string): Source {
    const known = this.#sources.get(block)
    if (known !== undefined) return known
    if (this.#sources.size >= MAX_GATE_ADDRESSES) this.#forget()
    const source = { open: 0, credit: this.#limits.newPerAddressPerSecond, creditAtMs: this.#clock.elapsedMs() }
    this.#sources.set(block, source)
    return source
  }

  /** Those with nothing open; there are at most as many others as links. */
  #forget(): void {
    for (const [block, source] of this.#sources) if (source.open === 0) this.#sources.delete(block)
  }

  #makeRoom(): void {
    const counts = new Map<Source | undefined, number>()
    for (const { source } of this.#pending) counts.set(source, (counts.get(source) ?? 0) + 1)
    const most = Math.max(...counts.values())
    for (const pending of this.#pending) {
      if (counts.get(pending.source) !== most) continue
      this.#pending.delete(pending)
      pending.drop()
      return
    }
  }
}

/** One customer of a provider: an IPv4 address, or an IPv6 /64 (RFC 6177). */
function blockOf(address: string): string {
  if (!isIPv6(address)) return address
  const [head = '', tail] = address.toLowerCase().split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length
  return [...before, ...Array<string>(zeros).fill('0'), ...after].slice(0, 4).join(':')
}
