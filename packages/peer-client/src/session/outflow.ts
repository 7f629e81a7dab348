import type { Writable } from 'node:stream'
import { SessionError } from './session-error.ts'

/** One write carries at most about this much, so that what is under way stays small beside what may wait. */
const WRITE_BYTES = 256 * 1024

/** `drained` waits until no more than this is left. */
const DRAINED_BYTES = 256 * 1024

/**
 * The way out of a session: what is pushed in one go leaves in one write, and while a write is under way the next one collects.
 * Bounded: whoever does not read is cut off.
 */
export class Outflow {
  readonly #socket: Writable
  readonly #maxBytes: number
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #writingBytes = 0
  #isScheduled = false
  #state: 'open' | 'finishing' | 'stopped' = 'open'
  #sentBytes = 0
  readonly #drains = new Set<() => void>()

  constructor(socket: Writable, maxBytes: number) {
    this.#socket = socket
    this.#maxBytes = maxBytes
  }

  /** Handed over, and not yet taken by the link. */
  get bufferedBytes(): number {
    return this.#waitingBytes + this.#writingBytes
  }

  /** Taken by the link so far. */
  get sentBytes(): number {
    return this.#sentBytes
  }

  /** False when it would be too much or nothing leaves any more; the frame was not taken then. */
  push(frame: Uint8Array): boolean {
    if (this.#state !== 'open' || this.bufferedBytes + frame.length > this.#maxBytes) return false
    this.#waiting.push(frame)
    this.#waitingBytes += frame.length
    if (!this.#isScheduled && this.#writingBytes === 0) {
      this.#isScheduled = true
      // A tick would come only after everything that already waits for this turn's promises, and the other side waits meanwhile.
      queueMicrotask(this.#write)
    }
    return true
  }

  /** Lets what was pushed leave, then ends the stream. Twice is safe. */
  finish(): void {
    if (this.#state !== 'open') return
    this.#state = 'finishing'
    if (this.bufferedBytes === 0) this.#socket.end()
  }

  /** Forgets what has not left. Twice is safe. */
  stop(): void {
    if (this.#state === 'stopped') return
    this.#state = 'stopped'
    this.#waiting = []
    this.#waitingBytes = 0
    this.#writingBytes = 0
    this.#wake()
  }

  /** Resolves once little is left to send; rejects with SessionError when it cannot leave any more, or with the signal. */
  async drained({ signal }: { signal?: AbortSignal | undefined } = {}): Promise<void> {
    signal?.throwIfAborted()
    if (this.#state !== 'stopped' && this.bufferedBytes > DRAINED_BYTES) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#drains.add(resolve)
      signal?.addEventListener('abort', () => resolve(), { once: true })
      await promise
      this.#drains.delete(resolve)
      signal?.throwIfAborted()
    }
    if (this.#state === 'stopped') throw new SessionError('ended', 'the session ended before everything had left')
  }

  readonly #write = (): void => {
    this.#isScheduled = false
    if (this.#state === 'stopped' || this.#waitingBytes === 0) return
    const bytes = this.#take()
    this.#writingBytes = bytes.length
    this.#waitingBytes -= bytes.length
    this.#socket.write(bytes, this.#onWritten)
  }

  #take(): Uint8Array {
    const frames = this.#waiting
    const [first] = frames
    if (frames.length === 1 && first !== undefined) {
      this.#waiting = []
      return first
    }
    let bytes = 0
    let count = 0
    for (const frame of frames) {
      if (count > 0 && bytes + frame.length > WRITE_BYTES) break
      bytes += frame.length
      count += 1
    }
    this.#waiting = frames.slice(count)
    return Buffer.concat(count === frames.length ? frames : frames.slice(0, count), bytes)
  }

  readonly #onWritten = (error?: Error | null): void => {
    // An error closes the socket, and whoever owns this hears of it there.
    if (this.#state === 'stopped' || (error !== undefined && error !== null)) return
    this.#sentBytes += this.#writingBytes
    this.#writingBytes = 0
    if (this.#waitingBytes > 0) this.#write()
    else if (this.#state === 'finishing') this.#socket.end()
    if (this.bufferedBytes <= DRAINED_BYTES) this.#wake()
  }

  #wake(): void {
    for (const resolve of this.#drains) resolve()
    this.#drains.clear()
  }
}
