import { z } from 'zod'
import { MAX_FRAME_BYTES } from '#limits.ts'
import { decodeAppFrame } from '#wire/app-frame.ts'
import { decodeCbor } from '#wire/cbor.ts'
import { FIRST_IGNORED_TYPE, Frame, TYPE } from '#wire/frames.ts'

export class FrameError extends Error {
  override readonly name = 'FrameError'
  readonly code: 'too-long' | 'empty' | 'malformed' | 'unsupported'
  constructor(code: FrameError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/**
 * Cuts a byte stream into frame bodies. A body inside one chunk is a view of it; a body that spans chunks is filled in place,
 * in one buffer of its announced length, so a slow sender costs no more than the frame it announced.
 */
export class FrameReader {
  readonly #onBody: (body: Uint8Array) => void
  #maxBytes: number
  readonly #head = Buffer.alloc(4)
  #headFilled = 0
  #body: Buffer | undefined
  #bodyFilled = 0

  constructor(onBody: (body: Uint8Array) => void, maxBytes = MAX_FRAME_BYTES) {
    this.#onBody = onBody
    this.#maxBytes = maxBytes
  }

  /** Counts for the next frame whose length is read: a hello is allowed less than what follows it. */
  allow(maxBytes: number): void {
    this.#maxBytes = maxBytes
  }

  /** Bytes of a frame that has begun and is not complete. */
  get bufferedBytes(): number {
    return this.#headFilled + this.#bodyFilled
  }

  /** Throws FrameError `too-long` or `empty`, and whatever `onBody` throws; the reader is then of no further use. */
  push(chunk: Uint8Array): void {
    let offset = 0
    while (offset < chunk.length) {
      if (this.#body === undefined) {
        const taken = Math.min(4 - this.#headFilled, chunk.length - offset)
        this.#head.set(chunk.subarray(offset, offset + taken), this.#headFilled)
        this.#headFilled += taken
        offset += taken
        if (this.#headFilled < 4) return
        const length = this.#head.readUInt32BE(0)
        if (length === 0) throw new FrameError('empty', 'a frame of no bytes')
        if (length > this.#maxBytes)
          throw new FrameError('too-long', `a frame of ${length} bytes, at most ${this.#maxBytes} are allowed`)
        if (chunk.length - offset >= length) {
          this.#headFilled = 0
          this.#onBody(chunk.subarray(offset, offset + length))
          offset += length
          continue
        }
        this.#body = Buffer.allocUnsafeSlow(length)
        this.#bodyFilled = 0
      }
      const body = this.#body
      const taken = Math.min(body.length - this.#bodyFilled, chunk.length - offset)
      body.set(chunk.subarray(offset, offset + taken), this.#bodyFilled)
      this.#bodyFilled += taken
      offset += taken
      if (this.#bodyFilled < body.length) return
      this.#body = undefined
      this.#headFilled = 0
      this.#bodyFilled = 0
      this.#onBody(body)
    }
  }
}

/** The frame, or undefined for a type that is to be ignored. Throws FrameError `unsupported` or `malformed`, or CborError. */
export function decodeFrame(body: Uint8Array): Frame | undefined {
  const app = decodeAppFrame(body)
  if (app !== undefined) return { type: TYPE.app, bytes: app }
  const value = decodeCbor(body)
  const frame = Frame.safeParse(value)
  if (frame.success) return frame.data
  const type = Typed.safeParse(value).data?.type
  if (type !== undefined && type >= FIRST_IGNORED_TYPE) return undefined
  if (type !== undefined && !KNOWN_TYPES.has(type))
    throw new FrameError('unsupported', `frame type ${type} is not known`)
  // One issue is enough to say: a hostile frame has thousands.
  const [issue] = frame.error.issues
  throw new FrameError('malformed', `${issue?.path.join('.')}: ${issue?.message}`, {
    cause: frame.error,
  })
}

const Typed = z.object({ type: z.int().nonnegative() })
const KNOWN_TYPES: ReadonlySet<number> = new Set(Frame.options.map((option) => option.shape.type.value))
