// Reads the messages that nearly all messages are: encoded as we encode them, with no optional field. Whatever
// is otherwise is left to the schema, so this may be narrow, but it must never take what the schema refuses.
import type { ConversationId, Epoch, MessageId } from '#ids.ts'
import { MAX_MOMENT_MS, MAX_PARENTS, MAX_SEQ, MAX_TEXT_BYTES } from '#limits.ts'
import { ConversationBytes, EpochBytes, MessageIdBytes } from '#wire/fields.ts'
import type { Message } from '#wire/message.ts'

const MAP_OF_12 = 0xac
const EMPTY_ARRAY = 0x80
const BYTES_16 = 0x50
const BYTES_1_BYTE_LENGTH = 0x58
const TEXT = 0x60
const KIND = /^[a-z][a-z0-9-]{0,22}$/
/** `prev`, `v` and `kind` begin where they always do; what comes behind `kind` is found from there. */
const PREV = 4
const KIND_HEAD = 39
const TEXT_KIND = 'text'

/** Undefined for a message in any other form, good or bad. Its byte strings are views of `bytes`. */
export function readPlainMessage(given: Uint8Array): Message | undefined {
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.byteLength)
  if (bytes[0] !== MAP_OF_12 || bytes[1] !== 0 || bytes[2] !== BYTES_1_BYTE_LENGTH || bytes[3] !== 32) return undefined
  if (bytes[36] !== 1 || bytes[37] !== 1 || bytes[38] !== 2) return undefined
  const kindLength = (bytes[KIND_HEAD] ?? 0) - TEXT
  if (kindLength < 1 || kindLength > 23) return undefined
  const at = KIND_HEAD + 1 + kindLength
  const kind = bytes.toString('latin1', KIND_HEAD + 1, at)
  if (kind !== TEXT_KIND && !KIND.test(kind)) return undefined
  const critical = bytes[at + 1]
  if (bytes[at] !== 3 || (critical !== 0xf4 && critical !== 0xf5)) return undefined
  if (bytes[at + 2] !== 4 || bytes[at + 3] !== BYTES_1_BYTE_LENGTH || bytes[at + 4] !== 32) return undefined
  if (bytes[at + 37] !== 5 || bytes[at + 38] !== BYTES_16 || bytes[at + 55] !== 6) return undefined
  const rest = new Numbers(bytes, at + 56)
  const seq = rest.next()
  if (!(seq >= 1 && seq <= MAX_SEQ) || !rest.skip(7)) return undefined
  const parents = rest.nextIds()
  if (parents === undefined || !rest.skip(8)) return undefined
  const lamport = rest.next()
  if (!(lamport >= 1) || !rest.skip(9)) return undefined
  const sentAt = rest.next()
  if (!(sentAt <= MAX_MOMENT_MS) || !rest.skip(10)) return undefined
  const priority = rest.next()
  if (!(priority <= 3) || !rest.skip(14)) return undefined
  const length = rest.nextLength()
  if (!(length <= MAX_TEXT_BYTES) || rest.at + length !== bytes.length) return undefined
  return {
    v: 1,
    kind,
    critical: critical === 0xf5,
    conversation: conversationAt(bytes, at + 5, at + 37),
    epoch: epochAt(bytes, at + 39, at + 55),
    seq,
    prev: bytes.subarray(PREV, PREV + 32),
    parents,
    lamport,
    sentAt,
    priority,
    body: bytes.subarray(rest.at),
  }
}

/** Unsigned integers and lengths, one behind the other. What is none is NaN, which no comparison takes. */
class Numbers {
  readonly #bytes: Buffer
  at: number

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes
    this.at = at
  }

  /** False when another byte comes. */
  skip(byte: number): boolean {
    return this.#bytes[this.at++] === byte
  }

  next(): number {
    return this.#argument(this.#bytes[this.at++] ?? 0xff)
  }

  /** An array of message ids, at most as many as fit into a head of one byte. */
  nextIds(): MessageId[] | undefined {
    const count = (this.#bytes[this.at++] ?? 0xff) - EMPTY_ARRAY
    if (!(count >= 0 && count <= MAX_PARENTS) || this.at + 17 * count > this.#bytes.length) return undefined
    const ids: MessageId[] = []
    for (let n = 0; n < count; n++) {
      if (!this.skip(BYTES_16)) return undefined
      ids.push(MessageIdBytes.parse(this.#bytes.subarray(this.at, this.at + 16)))
      this.at += 16
    }
    return ids
  }

  /** Of a byte string. */
  nextLength(): number {
    return this.#argument((this.#bytes[this.at++] ?? 0xff) ^ 0x40)
  }

  #argument(info: number): number {
    const { at } = this
    if (info < 24) return info
    const size = info > 27 ? Number.NaN : 1 << (info - 24)
    if (!(at + size <= this.#bytes.length)) return Number.NaN
    this.at += size
    if (size === 1) return this.#bytes.readUInt8(at)
    if (size === 2) return this.#bytes.readUInt16BE(at)
    if (size === 4) return this.#bytes.readUInt32BE(at)
    const value = this.#bytes.readUInt32BE(at) * 2 ** 32 + this.#bytes.readUInt32BE(at + 4)
    return Number.isSafeInteger(value) ? value : Number.NaN
  }
}

/** Ids repeat from message to message, so the text of the last one is kept. */
function remembering<T>(read: (bytes: Uint8Array) => T): (bytes: Buffer, from: number, to: number) => T {
  let last: { readonly bytes: Buffer; readonly text: T } | undefined
  return (bytes, from, to) => {
    if (last === undefined || last.bytes.compare(bytes, from, to) !== 0) {
      const own = Buffer.from(bytes.subarray(from, to))
      last = { bytes: own, text: read(own) }
    }
    return last.text
  }
}

const conversationAt = remembering((bytes): ConversationId => ConversationBytes.parse(bytes))
const epochAt = remembering((bytes): Epoch => EpochBytes.parse(bytes))
