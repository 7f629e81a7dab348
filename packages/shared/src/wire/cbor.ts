// CBOR (RFC 8949) as peers speak it: definite lengths, no tags, at most 16 levels. The scan comes before cbor-x,
// because cbor-x builds RegExp, Error and cyclic objects from tags before any schema sees them.
import { Encoder } from 'cbor-x'
import { MAX_CBOR_DEPTH } from '#limits.ts'

export class CborError extends Error {
  override readonly name = 'CborError'
  readonly code: 'tag' | 'indefinite-length' | 'too-deep' | 'truncated' | 'trailing-bytes' | 'reserved' | 'undecodable'
  constructor(code: CborError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

const OPTIONS = {
  useRecords: false,
  tagUint8Array: false,
  variableMapSize: true,
  mapsAsObjects: true,
  // Not in its types. Others write integers above 32 bits as integers; without this they would come out as BigInt.
  int64AsNumber: true,
}
const codec = new Encoder(OPTIONS)

export function encodeCbor(value: unknown): Uint8Array {
  return codec.encode(value)
}

/** Exactly one item. Byte strings in it are views of `bytes`. Throws CborError. */
export function decodeCbor(bytes: Uint8Array): unknown {
  const end = scan(bytes)
  if (end !== bytes.length) throw new CborError('trailing-bytes', `${bytes.length - end} bytes after the item`)
  try {
    return codec.decode(bytes)
  } catch (error) {
    throw new CborError('undecodable', 'the item cannot be decoded', {
      cause: error,
    })
  }
}

const MAJOR_NEGATIVE = 1
const MAJOR_BYTES = 2
const MAJOR_TEXT = 3
const MAJOR_ARRAY = 4
const MAJOR_MAP = 5
const MAJOR_TAG = 6
const MAJOR_SIMPLE = 7

/** Walks one item without building it; returns the offset after it. No recursion, so depth costs nothing before it is refused. */
function scan(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const open: number[] = [] // items still to come, per container that is open
  let offset = 0
  let pending = 1
  while (true) {
    while (pending === 0) {
      const outer = open.pop()
      if (outer === undefined) return offset
      pending = outer
    }
    pending -= 1
    const initial = bytes[offset]
    if (initial === undefined) throw new CborError('truncated', 'the item ends early')
    const major = initial >> 5
    const info = initial & 0x1f
    offset += 1
    if (info === 31) throw new CborError('indefinite-length', 'indefinite lengths are not allowed')
    if (info > 27) throw new CborError('reserved', 'a reserved length')
    if (major === MAJOR_TAG) throw new CborError('tag', 'tags are not allowed')
    // cbor-x would read them as other numbers.
    if (major === MAJOR_NEGATIVE && info === 27)
      throw new CborError('undecodable', 'integers below -2^32 are not allowed')
    const extra = info < 24 ? 0 : 1 << (info - 24)
    if (offset + extra > bytes.length) throw new CborError('truncated', 'the item ends early')
    const argument = readArgument(view, offset, info)
    offset += extra
    if (major === MAJOR_BYTES || major === MAJOR_TEXT) {
      if (argument > bytes.length - offset) throw new CborError('truncated', 'a string is longer than its frame')
      offset += argument
    } else if (major === MAJOR_ARRAY || major === MAJOR_MAP) {
      const items = major === MAJOR_MAP ? argument * 2 : argument
      if (items > bytes.length - offset) throw new CborError('truncated', 'a container is longer than its frame')
      open.push(pending)
      if (open.length > MAX_CBOR_DEPTH) throw new CborError('too-deep', `deeper than ${MAX_CBOR_DEPTH} levels`)
      pending = items
    } else if (major === MAJOR_SIMPLE && info === 24) {
      throw new CborError('reserved', 'unassigned simple values are not allowed')
    }
  }
}

function readArgument(view: DataView, offset: number, info: number): number {
  if (info < 24) return info
  if (info === 24) return view.getUint8(offset)
  if (info === 25) return view.getUint16(offset)
  if (info === 26) return view.getUint32(offset)
  return view.getUint32(offset) * 2 ** 32 + view.getUint32(offset + 4)
}
