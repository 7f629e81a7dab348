import { toHex, utf8 } from '@parley/shared/bytes.ts'
import { MAX_FRAME_BYTES } from '@parley/shared/limits.ts'
import { FrameError, FrameReader } from '@parley/shared/wire/frame-reader.ts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

function framed(...bodies: string[]): Buffer {
  return Buffer.concat(
    bodies.map((body) => {
      const head = Buffer.alloc(4)
      head.writeUInt32BE(Buffer.byteLength(body))
      return Buffer.concat([head, utf8(body)])
    }),
  )
}

function read(chunks: readonly Uint8Array[], maxBytes?: number): string[] {
  const bodies: string[] = []
  const reader = new FrameReader((body) => bodies.push(Buffer.from(body).toString()), maxBytes)
  for (const chunk of chunks) reader.push(chunk)
  return bodies
}

function codeOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof FrameError) return error.code
    throw error
  }
  return 'nothing thrown'
}

describe('cutting a byte stream into frames', () => {
  const stream = framed('one', 'two and more', 'x', 'four')
  const bodies = ['one', 'two and more', 'x', 'four']

  test('a frame is its length in four bytes, most significant first, and then its body', () => {
    expect(read([Buffer.from('0000000141', 'hex')])).toEqual(['A'])
  })

  test('several frames in one read come one after the other', () => {
    expect(read([stream])).toEqual(bodies)
  })

  test('frames arrive whole wherever one read ends and the next begins', () => {
    for (let at = 0; at <= stream.length; at += 1) {
      expect(read([stream.subarray(0, at), stream.subarray(at)])).toEqual(bodies)
    }
  })

  test('frames arrive whole wherever three reads meet', () => {
    for (let one = 0; one <= stream.length; one += 1) {
      for (let two = one; two <= stream.length; two += 1) {
        expect(read([stream.subarray(0, one), stream.subarray(one, two), stream.subarray(two)])).toEqual(bodies)
      }
    }
  })

  test('frames arrive whole when every read is one byte', () => {
    expect(read([...stream].map((byte) => Buffer.of(byte)))).toEqual(bodies)
  })

  test('a frame inside one read is a view of it, one that spans reads is not', () => {
    const chunk = framed('inside')
    const views: boolean[] = []
    const reader = new FrameReader((body) => views.push(body.buffer === chunk.buffer))
    reader.push(chunk)
    reader.push(chunk.subarray(0, 6))
    reader.push(chunk.subarray(6))
    expect(views).toEqual([true, false])
  })

  test('a body that spans reads does not change when the memory of a read is used again', () => {
    const bodies: Uint8Array[] = []
    const reader = new FrameReader((body) => bodies.push(body))
    const chunk = Buffer.from(framed('abcdef'))
    const first = Buffer.from(chunk.subarray(0, 7))
    reader.push(first)
    first.fill(0)
    reader.push(chunk.subarray(7))
    expect(bodies.map((body) => Buffer.from(body).toString())).toEqual(['abcdef'])
  })

  test('a frame of no bytes is refused', () => {
    expect(codeOf(() => read([Buffer.from('00000000', 'hex')]))).toBe('empty')
  })

  test.each([
    ['one byte too many', MAX_FRAME_BYTES + 1],
    ['two GiB', 2 ** 31],
    ['four GiB less one byte', 2 ** 32 - 1],
  ])('a length of %s is refused when it is read, before its body', (_what, length) => {
    const head = Buffer.alloc(4)
    head.writeUInt32BE(length)
    expect(codeOf(() => read([head]))).toBe('too-long')
  })

  test('a frame of exactly the limit is read', () => {
    const body = 'x'.repeat(MAX_FRAME_BYTES)
    expect(read([framed(body)])).toEqual([body])
  })

  test('the limit can be raised by whoever handles a frame, for the frame behind it in the same read', () => {
    const lengths: number[] = []
    const reader: FrameReader = new FrameReader((body) => {
      lengths.push(body.length)
      reader.allow(100)
    }, 10)
    reader.push(framed('short', 'x'.repeat(50)))
    expect(lengths).toEqual([5, 50])
    expect(codeOf(() => read([framed('x'.repeat(50))], 10))).toBe('too-long')
  })

  test('what is buffered is told, and never more than what was announced', () => {
    const reader = new FrameReader(() => {})
    expect(reader.bufferedBytes).toBe(0)
    reader.push(Buffer.from('000000', 'hex'))
    expect(reader.bufferedBytes).toBe(3)
    reader.push(Buffer.from('04aabb', 'hex'))
    expect(reader.bufferedBytes).toBe(6)
    reader.push(Buffer.from('ccdd', 'hex'))
    expect(reader.bufferedBytes).toBe(0)
  })

  test('any frames in any pieces come out as they went in', () => {
    const bodies = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 12 })
    const cuts = fc.array(fc.nat(400), { maxLength: 40 })
    fc.assert(
      fc.property(bodies, cuts, (sent, sizes) => {
        const bytes = Buffer.concat(
          sent.map((body) => {
            const head = Buffer.alloc(4)
            head.writeUInt32BE(body.length)
            return Buffer.concat([head, body])
          }),
        )
        const received: string[] = []
        const reader = new FrameReader((body) => received.push(toHex(body)))
        let at = 0
        for (const size of sizes) {
          reader.push(bytes.subarray(at, at + size))
          at = Math.min(bytes.length, at + size)
        }
        reader.push(bytes.subarray(at))
        expect(received).toEqual(sent.map(toHex))
      }),
    )
  })

  test('any bytes are frames or a FrameError', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 8 }), (chunks) => {
        expect(['empty', 'too-long', 'nothing thrown']).toContain(codeOf(() => read(chunks)))
      }),
      { numRuns: 2_000 },
    )
  })
})
