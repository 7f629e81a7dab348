import { runInNewContext } from 'node:vm'
import { EnvelopeId, Epoch, Name, randomId } from '@parley/shared/ids.ts'
import { MAX_APP_BYTES, MAX_FRAME_BYTES } from '@parley/shared/limits.ts'
import { Jws } from '@parley/shared/signed/jws.ts'
import { CborError, decodeCbor, encodeCbor } from '@parley/shared/wire/cbor.ts'
import { decodeFrame, FrameError } from '@parley/shared/wire/frame-reader.ts'
import { encodeFrame, type Frame, type Hello } from '@parley/shared/wire/frames.ts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const hello: Hello = {
  type: 1,
  protocol: { min: 1, max: 1 },
  features: ['text'],
  deviceCertificate: Jws.parse('aGVhZA.Ym9keQ.c2ln'),
  rotations: [],
  name: Name.parse('alice'),
  purpose: 'messages',
  boot: Buffer.alloc(16, 7),
  alone: true,
  path: 'direct',
}

const epoch = randomId(Epoch)
const envelope = randomId(EnvelopeId)
const claim = { epoch, upTo: 3, hash: Buffer.alloc(32, 1), ranges: [{ from: 5, to: 6, hash: Buffer.alloc(32, 2) }] }

const frames: readonly (readonly [name: string, frame: Frame])[] = [
  ['hello', hello],
  ['hello with all it can say', { ...hello, networkToken: 'token', treeHead: { size: 7 } }],
  ['envelope', { type: 2, id: envelope, sealing: 'signal', bytes: Buffer.from('sealed') }],
  ['ack', { type: 3, envelopes: [envelope], streams: [claim, { epoch, upTo: 0 }] }],
  ['reject', { type: 4, envelope, code: 'undecryptable', streams: [claim] }],
  ['positions', { type: 5, streams: [claim], latest: envelope, last: true }],
  ['positions of nothing', { type: 5, streams: [], last: false }],
  ['ping', { type: 6 }],
  ['pong', { type: 7 }],
  ['bye', { type: 8, reason: 'stopping', retryAfterMs: 1_000 }],
  ['app', { type: 9, bytes: Buffer.from('raw') }],
  ['prekeys-request', { type: 10 }],
]

function decodeMap(map: object): Frame | undefined {
  return decodeFrame(encodeCbor(map))
}

function codeOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof FrameError || error instanceof CborError) return error.code
    throw error
  }
  return 'nothing thrown'
}

describe('frames', () => {
  test('arrays of another realm, as a native module makes them, are written like any other', () => {
    const foreign = runInNewContext('[[], []]')
    foreign[0].push(envelope)
    foreign[1].push(claim)
    const frame = { type: 3, envelopes: foreign[0], streams: foreign[1] } as const
    expect(encodeFrame(frame)).toEqual(encodeFrame({ type: 3, envelopes: [envelope], streams: [claim] }))
  })

  test.each(frames)('%s is read as it was written', (_name, frame) => {
    const bytes = encodeFrame(frame)
    expect(Buffer.from(bytes).readUInt32BE()).toBe(bytes.length - 4)
    expect(decodeFrame(bytes.subarray(4))).toEqual(frame)
  })

  test('a ping is six bytes and a length', () => {
    expect(Buffer.from(encodeFrame({ type: 6 })).toString('hex')).toBe('00000007a1647479706506')
  })

  test('identifiers travel as bytes', () => {
    const bytes = Buffer.from(encodeFrame({ type: 3, envelopes: [envelope], streams: [] }))
    expect(bytes.includes(Buffer.from(envelope, 'base64url'))).toBe(true)
    expect(bytes.includes(envelope)).toBe(false)
  })

  test('a frame over the limit is not written', () => {
    const bytes = Buffer.alloc(MAX_FRAME_BYTES)
    expect(() => encodeFrame({ type: 2, id: envelope, sealing: 'signal', bytes })).toThrow(RangeError)
  })

  test('keys that this version does not know are passed over', () => {
    expect(decodeMap({ type: 6, tomorrow: [1, 2] })).toEqual({ type: 6 })
  })

  test('unknown types below 128 are refused', () => {
    for (const type of [0, 12, 16, 32, 47, 127]) expect(codeOf(() => decodeMap({ type }))).toBe('unsupported')
  })

  test('types from 128 on are ignored, whatever else is in them', () => {
    for (const type of [128, 129, 255, 65_536, Number.MAX_SAFE_INTEGER]) {
      expect(decodeMap({ type, reason: 7, bytes: 'no bytes' })).toBeUndefined()
    }
  })

  test.each([
    ['no map', []],
    ['no type', { reason: 'stopping' }],
    ['a type that is text', { type: '6' }],
    ['a type that is negative', { type: -1 }],
    ['a type that is no integer', { type: 6.5 }],
    ['a bye without a reason', { type: 8 }],
    ['a bye whose reason is long', { type: 8, reason: 'x'.repeat(65) }],
    ['a bye to retry in the past', { type: 8, reason: 'busy', retryAfterMs: -1 }],
    ['app bytes over the limit', { type: 9, bytes: Buffer.alloc(MAX_APP_BYTES + 1) }],
    ['app bytes that are text', { type: 9, bytes: 'text' }],
    ['an id of 15 bytes', { type: 3, envelopes: [Buffer.alloc(15)], streams: [] }],
    ['an id that is text', { type: 3, envelopes: [envelope], streams: [] }],
    ['257 ids', { type: 3, envelopes: Array(257).fill(Buffer.alloc(16)), streams: [] }],
    ['257 claims', { type: 5, streams: Array(257).fill({ epoch: Buffer.alloc(16), upTo: 0 }), last: true }],
    ['a claim up to a negative', { type: 5, streams: [{ epoch: Buffer.alloc(16), upTo: -1 }], last: true }],
    ['a claim above 2^53', { type: 5, streams: [{ epoch: Buffer.alloc(16), upTo: 2n ** 63n }], last: true }],
    ['a hello without a boot', { ...hello, boot: undefined }],
    ['a hello with a boot of 17 bytes', { ...hello, boot: Buffer.alloc(17) }],
    ['a hello for another purpose', { ...hello, purpose: 'anything' }],
    ['a hello with five rotations', { ...hello, rotations: Array(5).fill(hello.deviceCertificate) }],
    ['a hello with a name that is none', { ...hello, name: 'Alice!' }],
  ])('%s is malformed', (_what, map) => {
    expect(codeOf(() => decodeMap(map))).toBe('malformed')
  })

  test('any bytes are a frame, nothing, a FrameError or a CborError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (bytes) => {
        codeOf(() => decodeFrame(bytes))
      }),
      { numRuns: 5_000 },
    )
  })

  test('any change to a byte of any frame gives a frame, nothing, a FrameError or a CborError', () => {
    const bodies = frames.map(([, frame]) => encodeFrame(frame).subarray(4))
    fc.assert(
      fc.property(fc.constantFrom(...bodies), fc.nat(), fc.nat(255), (body, at, byte) => {
        const changed = Buffer.from(body)
        changed[at % changed.length] = byte
        codeOf(() => decodeFrame(changed))
      }),
      { numRuns: 5_000 },
    )
  })

  test('any frame with any values under some of its keys gives a frame, nothing, a FrameError or a CborError', () => {
    const leaf = fc.oneof(
      fc.integer(),
      fc.double(),
      fc.string({ maxLength: 70 }),
      fc.boolean(),
      fc.constant(null),
      fc.uint8Array({ maxLength: 40 }),
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    )
    const fields = fc.dictionary(
      fc.constantFrom('epoch', 'upTo', 'hash', 'ranges', 'from', 'to', 'min', 'max', 'x'),
      leaf,
    )
    const junk = fc.oneof(
      leaf,
      fields,
      fc.array(fc.oneof(fc.uint8Array({ minLength: 16, maxLength: 16 }), leaf, fields)),
    )
    const sent = frames.map(([, frame]): object => Object(decodeCbor(encodeFrame(frame).subarray(4))))
    const maps = [...sent, { type: 11, bundle: {} }, { type: 128, conversation: Buffer.alloc(32) }]
    const keys = fc.constantFrom(...new Set(maps.flatMap((map) => Object.keys(map))))
    const changes = fc.dictionary(keys, junk, { minKeys: 1, maxKeys: 3 })
    fc.assert(
      fc.property(fc.constantFrom(...maps), changes, (map, changed) => {
        codeOf(() => decodeMap({ ...map, ...changed }))
      }),
      { numRuns: 1_500 },
    )
  })
})
