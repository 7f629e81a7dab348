import { MAX_APP_BYTES } from '@parley/shared/limits.ts'
import { decodeAppFrame, encodeAppFrame } from '@parley/shared/wire/app-frame.ts'
import { decodeCbor, encodeCbor } from '@parley/shared/wire/cbor.ts'
import { Frame } from '@parley/shared/wire/frames.ts'
import fc from 'fast-check'
import { expect, test } from 'vitest'

const LENGTHS = [0, 1, 23, 24, 255, 256, 65_535, 65_536, MAX_APP_BYTES]

test.each(LENGTHS)(
  'app bytes of length %i are written as the codec for all frames writes them, and read back',
  (length) => {
    const bytes = Buffer.alloc(length, 0xa5)
    const body = encodeAppFrame(bytes, 0)
    expect(body?.equals(Buffer.from(encodeCbor({ type: 9, bytes })))).toBe(true)
    expect(bytes.equals(decodeAppFrame(body ?? Buffer.alloc(0)) ?? Buffer.alloc(0))).toBe(true)
  },
)

test('bytes over the limit are left to the codec for all frames, which refuses them', () => {
  const bytes = Buffer.alloc(MAX_APP_BYTES + 1)
  expect(encodeAppFrame(bytes, 0)).toBeUndefined()
  expect(decodeAppFrame(encodeCbor({ type: 9, bytes }))).toBeUndefined()
})

test('the offset is left to the caller', () => {
  expect(encodeAppFrame(Buffer.from('A'), 4)?.subarray(4).toString('hex')).toBe('a26474797065096562797465734141')
})

test('whatever it reads, the codec for all frames reads the same', () => {
  const start = Buffer.from('a2647479706509656279746573', 'hex')
  const tails = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(encodeCbor(bytes))),
    fc
      .tuple(fc.constantFrom('58', '59', '5a', '5b', '5f', '78', '41'), fc.uint8Array({ maxLength: 20 }))
      .map(([head, rest]) => Buffer.concat([Buffer.from(head, 'hex'), rest])),
    fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.concat([Buffer.from([0x5a, 0, 0, 0, bytes.length]), bytes])),
  )
  fc.assert(
    fc.property(tails, (tail) => {
      const body = Buffer.concat([start, tail])
      const read = decodeAppFrame(body)
      if (read === undefined) return
      expect(Frame.parse(decodeCbor(body))).toEqual({ type: 9, bytes: read })
    }),
    { numRuns: 1_000 },
  )
})
