import { Duplex } from 'node:stream'
import type { Endpoint } from '@parley/shared/signed/device-statement.ts'
import { type Link, type Listener, type ListenOptions, type Transport, TransportError } from './transport.ts'

export interface MemoryNetworkOptions {
  /** Runs a delivery later, in the order given; a simulation brings its own queue. */
  readonly defer?: (deliver: () => void) => void
  /** Cuts what is written into pieces of at most this many bytes. */
  readonly maxChunkBytes?: number
}

type Accept = (link: Link) => void

/**
 * Hosts inside this process. Its links behave like those of a network, and the network can be told to misbehave:
 * every fault names two hosts and strikes the links between them, whichever side dialled.
 */
export class MemoryNetwork {
  readonly #defer: (deliver: () => void) => void
  readonly #maxChunkBytes: number
  readonly #listeners = new Map<string, Accept>()
  readonly #wires = new Set<Wire>()
  readonly #frozen = new Set<string>()
  readonly #waitingDials = new Map<string, Set<() => void>>()
  #nextPort = 49_152

  constructor({ defer = setImmediate, maxChunkBytes = Number.POSITIVE_INFINITY }: MemoryNetworkOptions = {}) {
    this.#defer = defer
    this.#maxChunkBytes = maxChunkBytes
  }

  /** The network as one host sees it. */
  host(address: string): Transport {
    return {
      kind: 'tcp',
      dial: (endpoint, options) => this.#dial(address, endpoint, options?.signal),
      listen: (options, onLink) => this.#listen(options, onLink),
    }
  }

  /** Links now open between the two. */
  countLinks(one: string, other: string): number {
    return this.#between(one, other).length
  }

  /** Breaks every link between the two, as a reset does; both sides notice. New dials work. */
  cut(one: string, other: string): void {
    for (const wire of this.#between(one, other)) wire.cut()
  }

  /** From now on nothing moves between the two and nobody is told; dials hang. */
  freeze(one: string, other: string): void {
    this.#frozen.add(pairOf(one, other))
    for (const wire of this.#between(one, other)) wire.freeze()
  }

  /** New links work again; those frozen before stay silent, unless `old` thaws them too and what was held arrives. */
  thaw(one: string, other: string, { old = true } = {}): void {
    const pair = pairOf(one, other)
    this.#frozen.delete(pair)
    const waiting = this.#waitingDials.get(pair) ?? []
    this.#waitingDials.delete(pair)
    for (const goOn of waiting) goOn()
    if (old) for (const wire of this.#between(one, other)) wire.thaw()
  }

  #between(one: string, other: string): Wire[] {
    const pair = pairOf(one, other)
    return [...this.#wires].filter((wire) => wire.pair === pair)
  }

  #listen({ host, port }: ListenOptions, onLink: Accept): Promise<Listener> {
    const taken = port === 0 ? this.#nextPort++ : port
    const name = nameOf(host, taken)
    if (this.#listeners.has(name)) {
      return Promise.reject(new TransportError('address-in-use', `cannot listen on ${host} port ${taken}`))
    }
    this.#listeners.set(name, onLink)
    const stop = () => {
      if (this.#listeners.get(name) === onLink) this.#listeners.delete(name)
      return Promise.resolve()
    }
    return Promise.resolve({ host, port: taken, stop })
  }

  async #dial(from: string, { host, port }: Endpoint, signal: AbortSignal | undefined): Promise<Link> {
    const pair = pairOf(from, host)
    await this.#passage(pair, signal)
    if (signal?.aborted === true) throw aborted(signal)
    const accept = this.#listeners.get(nameOf(host, port))
    if (accept === undefined) throw new TransportError('refused', `nobody listens on ${host} port ${port}`)
    const wire: Wire = new Wire(pair, this.#defer, this.#maxChunkBytes, () => this.#wires.delete(wire))
    this.#wires.add(wire)
    accept({ stream: wire.far, path: 'direct', remoteAddress: from })
    return { stream: wire.near, path: 'direct', remoteAddress: host }
  }

  /** One turn of the network, and while the two are frozen as long as that lasts. */
  #passage(pair: string, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const goOn = () => this.#defer(resolve)
      if (!this.#frozen.has(pair)) return goOn()
      const waiting = this.#waitingDials.get(pair) ?? new Set()
      this.#waitingDials.set(pair, waiting.add(goOn))
      signal?.addEventListener(
        'abort',
        () => {
          waiting.delete(goOn)
          resolve()
        },
        { once: true },
      )
    })
  }
}

/** Two ends; what is written into one is read from the other, one piece under way per direction. */
class Wire {
  readonly pair: string
  readonly near: End
  readonly far: End
  #held: (() => void)[] | undefined
  readonly #defer: (deliver: () => void) => void

  constructor(pair: string, defer: (deliver: () => void) => void, maxChunkBytes: number, onClosed: () => void) {
    this.pair = pair
    this.#defer = defer
    const carry = (deliver: () => void) => this.#carry(deliver)
    this.near = new End(carry, maxChunkBytes)
    this.far = new End(carry, maxChunkBytes)
    this.near.other = this.far
    this.far.other = this.near
    let open = 2
    const closed = () => {
      open -= 1
      if (open === 0) onClosed()
    }
    this.near.once('close', closed)
    this.far.once('close', closed)
  }

  cut(): void {
    for (const end of [this.near, this.far]) end.destroy(reset())
  }

  freeze(): void {
    this.#held ??= []
  }

  thaw(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const deliver of held) this.#defer(deliver)
  }

  #carry(deliver: () => void): void {
    if (this.#held === undefined) this.#defer(deliver)
    else this.#held.push(deliver)
  }
}

class End extends Duplex {
  other: End | undefined
  readonly #carry: (deliver: () => void) => void
  readonly #maxChunkBytes: number
  /** Set while the reader of this end has enough: the writer at the other end waits for it. */
  #resumeWriter: (() => void) | undefined

  constructor(carry: (deliver: () => void) => void, maxChunkBytes: number) {
    super({ allowHalfOpen: true })
    this.#carry = carry
    this.#maxChunkBytes = maxChunkBytes
  }

  override _read(): void {
    const resume = this.#resumeWriter
    this.#resumeWriter = undefined
    resume?.()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    // The caller may reuse its memory once `done` was called, as a socket allows.
    this.#writeFrom(Buffer.from(chunk), done)
  }

  #writeFrom(bytes: Buffer, done: (error?: Error | null) => void): void {
    const piece = bytes.subarray(0, this.#maxChunkBytes)
    const rest = bytes.subarray(piece.length)
    this.#carry(() => {
      if (this.destroyed) return
      const { other } = this
      if (other === undefined || other.destroyed) return done(reset())
      const goOn = () => (rest.length === 0 ? done() : this.#writeFrom(rest, done))
      if (other.push(piece)) goOn()
      else other.#resumeWriter = goOn
    })
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#carry(() => {
      this.other?.push(null)
      done()
    })
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const cleanly = this.writableFinished && this.readableEnded
    this.#resumeWriter = undefined
    if (!cleanly) this.#carry(() => this.other?.destroy(reset()))
    done(error)
  }
}

function pairOf(one: string, other: string): string {
  return one < other ? `${one} ${other}` : `${other} ${one}`
}

function nameOf(host: string, port: number): string {
  return `${host} ${port}`
}

function reset(): Error {
  return Object.assign(new Error('the link was reset'), { code: 'ECONNRESET' })
}

function aborted(signal: AbortSignal): TransportError {
  return new TransportError('aborted', 'the dial was given up', { cause: signal.reason })
}
