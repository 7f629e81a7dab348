import type { Readable } from 'node:stream'
import type { Clock } from '@parley/shared/clock.ts'
import { MAX_FRAME_BYTES, MAX_HELLO_BYTES } from '@parley/shared/limits.ts'
import { FrameReader } from '@parley/shared/wire/frame-reader.ts'
import { abortError } from './deadline.ts'
import type { BudgetShare, InboundBudget } from './inbound-budget.ts'

/** What a waiting frame costs beside its bytes, so that a megabyte of tiny frames is not a hundred megabytes of memory. */
const FRAME_OVERHEAD_BYTES = 128

const COMPACT_FRAMES = 1_024

export interface InflowHandlers {
  /** One frame at a time: the next one comes when this one is done. */
  readonly frame: (body: Uint8Array) => void | Promise<void>
  /** The bytes that follow are not frames, or a handler failed. Nothing is handled after it. */
  readonly broken: (error: unknown) => void
  /** The other side ended its direction, and every frame before that was handled. */
  readonly ended: () => void
}

type Last = 'ended' | { readonly error: unknown }

/**
 * The way in of a session. The first frame can be taken alone, under the limit of a hello; the others wait until somebody
 * handles them. While more than `maxBytes` wait, the socket is not read.
 */
export class Inflow {
  readonly #socket: Readable
  readonly #clock: Clock
  readonly #maxBytes: number
  readonly #share: BudgetShare
  readonly #reader: FrameReader
  #handlers: InflowHandlers | undefined
  #first: ((outcome: { body: Uint8Array } | Last) => void) | undefined
  /** What comes after the frames that wait; nothing is read behind it. */
  #last: Last | undefined
  #queue: Uint8Array[] = []
  #head = 0
  #unfinishedBytes = 0
  #isHandling = false
  #isStopped = false
  #receivedBytes = 0
  #heardAtMs: number

  constructor(socket: Readable, clock: Clock, maxBytes: number, budget: InboundBudget) {
    this.#socket = socket
    this.#clock = clock
    this.#maxBytes = maxBytes
    this.#heardAtMs = clock.elapsedMs()
    this.#share = budget.join(() => this.#throttle())
    this.#reader = new FrameReader((body) => this.#onBody(body), MAX_HELLO_BYTES)
    socket.on('data', this.#onData).once('end', this.#onEnd)
  }

  /** Bytes received so far. */
  get receivedBytes(): number {
    return this.#receivedBytes
  }

  /** When anything was last received, by the clock's `elapsedMs`. */
  get heardAtMs(): number {
    return this.#heardAtMs
  }

  /** True while the other side is kept waiting by us. */
  get isPaused(): boolean {
    return this.#socket.isPaused()
  }

  /** The first frame, undefined when the other side ends before it. Rejects with FrameError or SessionError. */
  first(signal: AbortSignal): Promise<Uint8Array | undefined> {
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array | undefined>()
    const abort = () => reject(abortError(signal))
    this.#first = (outcome) => {
      this.#first = undefined
      signal.removeEventListener('abort', abort)
      if (outcome === 'ended') resolve(undefined)
      else if ('error' in outcome) reject(outcome.error)
      else resolve(outcome.body)
    }
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
    const body = this.#next()
    if (body !== undefined) {
      this.#count(-costOf(body))
      this.#first({ body })
    } else if (this.#last !== undefined) this.#first(this.#last)
    this.#throttle()
    return promise
  }

  /** From here on frames are handled, those that already wait first. */
  start(handlers: InflowHandlers): void {
    this.#handlers = handlers
    this.#handleWaiting()
    this.#throttle()
  }

  /** Reads on and throws away. */
  stop(): void {
    if (this.#isStopped) return
    this.#isStopped = true
    this.#queue = []
    this.#share.leave()
    this.#first?.('ended')
    this.#socket.off('data', this.#onData)
    this.#socket.resume()
  }

  readonly #onData = (chunk: Uint8Array): void => {
    this.#receivedBytes += chunk.length
    this.#heardAtMs = this.#clock.elapsedMs()
    try {
      this.#reader.push(chunk)
    } catch (error) {
      this.#finish({ error })
    }
    this.#throttle()
  }

  readonly #onEnd = (): void => this.#finish('ended')

  #finish(last: Last): void {
    if (this.#isStopped || this.#last !== undefined) return
    this.#last = last
    this.#socket.off('data', this.#onData).resume()
    this.#first?.(last)
    this.#reportLast()
  }

  #onBody(body: Uint8Array): void {
    if (this.#isStopped) return
    this.#reader.allow(MAX_FRAME_BYTES)
    if (this.#first !== undefined) {
      this.#first({ body })
      return
    }
    this.#count(costOf(body))
    if (this.#handlers !== undefined && !this.#isHandling) this.#handle(this.#handlers, body)
    else this.#queue.push(body)
  }

  #handleWaiting(): void {
    while (this.#handlers !== undefined && !this.#isHandling && !this.#isStopped) {
      const body = this.#next()
      if (body === undefined) break
      this.#handle(this.#handlers, body)
    }
    this.#reportLast()
  }

  #handle(handlers: InflowHandlers, body: Uint8Array): void {
    try {
      const done = handlers.frame(body)
      if (done === undefined) {
        this.#count(-costOf(body))
        return
      }
      this.#isHandling = true
      done.then(
        () => {
          this.#isHandling = false
          this.#count(-costOf(body))
          this.#handleWaiting()
          this.#throttle()
        },
        (error: unknown) => this.#handlerFailed(handlers, error),
      )
    } catch (error) {
      this.#handlerFailed(handlers, error)
    }
  }

  #count(bytes: number): void {
    if (this.#isStopped) return
    this.#unfinishedBytes += bytes
    this.#share.add(bytes)
  }

  #next(): Uint8Array | undefined {
    const body = this.#queue[this.#head]
    if (body === undefined) return undefined
    this.#head += 1
    // Taken frames are let go in steps: shifting each one off a long array would cost its whole length.
    if (this.#head === this.#queue.length || this.#head === COMPACT_FRAMES) {
      this.#queue = this.#queue.slice(this.#head)
      this.#head = 0
    }
    return body
  }

  #handlerFailed(handlers: InflowHandlers, error: unknown): void {
    if (this.#isStopped) return
    this.stop()
    handlers.broken(error)
  }

  #reportLast(): void {
    const handlers = this.#handlers
    const last = this.#last
    if (handlers === undefined || last === undefined) return
    if (this.#isHandling || this.#isStopped || this.#queue.length > 0) return
    this.stop()
    if (last === 'ended') handlers.ended()
    else handlers.broken(last.error)
  }

  /** Until the first frame is asked for, and while too much is unfinished, the socket is left alone. */
  #throttle(): void {
    if (this.#isStopped || this.#last !== undefined) return
    const isFull = this.#unfinishedBytes > this.#maxBytes || this.#share.isExceeded()
    const isEarly = this.#handlers === undefined && this.#first === undefined
    if (isFull || isEarly) this.#socket.pause()
    else if (this.#socket.isPaused()) this.#socket.resume()
  }
}

function costOf(body: Uint8Array): number {
  return body.length + FRAME_OVERHEAD_BYTES
}
