import { idBytes } from '@parley/shared/ids.ts'
import { MAX_CBOR_DEPTH, MAX_CLAIM_RANGES, MAX_FRAME_BYTES, MAX_HELLO_BYTES } from '@parley/shared/limits.ts'
import { encodeCbor } from '@parley/shared/wire/cbor.ts'
import { envelopeId } from './frames.ts'
import { hex, type VectorFile } from './json.ts'
import { epoch } from './keys.ts'

const claim = { epoch: idBytes(epoch), upTo: 3, hash: Buffer.alloc(32, 3) }
const range = { from: 5, to: 6, hash: Buffer.alloc(32, 6) }
const ack = { type: 3, envelopes: [idBytes(envelopeId)], streams: [claim] }
const many = <T>(length: number, one: T): T[] => Array.from({ length }, () => one)
const raw = (bytes: string): Uint8Array => Buffer.from(bytes, 'hex')

/** Frame bodies that end the session, by what is wrong with them. */
const BODIES: readonly (readonly [name: string, body: Uint8Array, error: string])[] = [
  ['no body at all', raw(''), 'truncated'],
  ['half a map', raw('a2'), 'truncated'],
  ['a string longer than its frame', raw('7affffffff61'), 'truncated'],
  ['a list of four thousand million', raw('9affffffff'), 'truncated'],
  ['a length of 64 bits', raw('5bffffffffffffffff00'), 'truncated'],
  ['two items', raw('a1647479706506a1647479706506'), 'trailing-bytes'],
  ['a tag', raw('c0a1647479706506'), 'tag'],
  ['a date inside', raw('a26474797065066161c11a00000000'), 'tag'],
  ['a regular expression inside', raw('a26474797065066161d81b826161616d'), 'tag'],
  ['a list without a length', raw('9f06ff'), 'indefinite-length'],
  ['a map without a length', raw('bf647479706506ff'), 'indefinite-length'],
  ['an integer below -2^32', raw('a26474797065066161' + '3b0000000100000000'), 'undecodable'],
  ['a string in pieces', raw('a164747970657f6161ff'), 'indefinite-length'],
  ['a reserved length', raw('1c'), 'reserved'],
  ['a simple value of two bytes', raw('f8ff'), 'reserved'],
  ['lists in lists', raw(`${'81'.repeat(MAX_CBOR_DEPTH + 1)}00`), 'too-deep'],
  ['a number', raw('06'), 'malformed'],
  ['null', raw('f6'), 'malformed'],
  ['a list', encodeCbor([1, 2, 3]), 'malformed'],
  ['no type', encodeCbor({}), 'malformed'],
  ['a type as text', encodeCbor({ type: 'ping' }), 'malformed'],
  ['a type below 0', encodeCbor({ type: -1 }), 'malformed'],
  ['half a type', encodeCbor({ type: 6.5 }), 'malformed'],
  ['type 0', encodeCbor({ type: 0 }), 'unsupported'],
  ['the first type that is not known', encodeCbor({ type: 12 }), 'unsupported'],
  ['a reserved type', encodeCbor({ type: 16 }), 'unsupported'],
  ['the last type that ends the link', encodeCbor({ type: 127 }), 'unsupported'],
  ['hello without a certificate', encodeCbor({ type: 1, protocol: { min: 1, max: 1 } }), 'malformed'],
  [
    'envelope with an id of 15 bytes',
    encodeCbor({ type: 2, id: Buffer.alloc(15), sealing: 'signal', bytes: Buffer.alloc(1) }),
    'malformed',
  ],
  [
    'envelope with an id as text',
    encodeCbor({ type: 2, id: envelopeId, sealing: 'signal', bytes: Buffer.alloc(1) }),
    'malformed',
  ],
  [
    'envelope sealed in a way that is not known',
    encodeCbor({ type: 2, id: idBytes(envelopeId), sealing: 'wax', bytes: Buffer.alloc(1) }),
    'malformed',
  ],
  ['ack without streams', encodeCbor({ type: 3, envelopes: [] }), 'malformed'],
  ['a claim below 0', encodeCbor({ ...ack, streams: [{ ...claim, upTo: -1 }] }), 'malformed'],
  [
    'a claim beyond what a double holds exactly',
    encodeCbor({ ...ack, streams: [{ ...claim, upTo: 2 ** 53 }] }),
    'malformed',
  ],
  ['a claim that is not a number', encodeCbor({ ...ack, streams: [{ ...claim, upTo: Number.NaN }] }), 'malformed'],
  [
    'a claim with a hash of 31 bytes',
    encodeCbor({ ...ack, streams: [{ ...claim, hash: Buffer.alloc(31) }] }),
    'malformed',
  ],
  [
    'a claim with too many ranges',
    encodeCbor({ ...ack, streams: [{ ...claim, ranges: many(MAX_CLAIM_RANGES + 1, range) }] }),
    'malformed',
  ],
  [
    'reject with a code that is not known',
    encodeCbor({ type: 4, envelope: idBytes(envelopeId), code: 'mood', streams: [] }),
    'malformed',
  ],
  ['positions that do not say whether they end', encodeCbor({ type: 5, streams: [] }), 'malformed'],
  ['bye with a reason that is too long', encodeCbor({ type: 8, reason: 'x'.repeat(65) }), 'malformed'],
  ['bye for less than no time', encodeCbor({ type: 8, reason: 'busy', retryAfterMs: -1 }), 'malformed'],
  ['app that is text', encodeCbor({ type: 9, bytes: 'raw' }), 'malformed'],
  ['prekeys without a bundle', encodeCbor({ type: 11 }), 'malformed'],
  ['prekeys with an empty bundle', encodeCbor({ type: 11, bundle: {} }), 'malformed'],
]

const length = (bytes: number): string => bytes.toString(16).padStart(8, '0')

/** Beginnings of a stream of frames, with the maximum in force. */
const STREAMS: readonly (readonly [name: string, bytes: string, maxBytes: number, error: string])[] = [
  ['a frame of no bytes', length(0), MAX_FRAME_BYTES, 'empty'],
  ['a frame one byte too long', length(MAX_FRAME_BYTES + 1), MAX_FRAME_BYTES, 'too-long'],
  ['a frame of four gigabytes', 'ffffffff', MAX_FRAME_BYTES, 'too-long'],
  ['a hello one byte too long', length(MAX_HELLO_BYTES + 1), MAX_HELLO_BYTES, 'too-long'],
  ['a good frame and then an empty one', `${length(7)}a1647479706506${length(0)}`, MAX_FRAME_BYTES, 'empty'],
]

export function hostileFrames(): VectorFile {
  return {
    about: 'What ends a session. A body comes without its length.',
    entries: [
      ...BODIES.map(([name, body, error]) => ({ kind: 'refused', name, body: hex(body), error })),
      ...STREAMS.map(([name, bytes, maxBytes, error]) => ({ kind: 'refused-stream', name, bytes, maxBytes, error })),
    ],
  }
}
