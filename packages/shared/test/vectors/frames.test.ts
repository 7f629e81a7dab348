import { toHex } from '@parley/shared/bytes.ts'
import { ConversationId, EnvelopeId, Epoch } from '@parley/shared/ids.ts'
import { PrekeyBundle } from '@parley/shared/signed/prekeys.ts'
import { decodeFrame, FrameReader } from '@parley/shared/wire/frame-reader.ts'
import { encodeFrame, type Frame, Hello, RejectCode } from '@parley/shared/wire/frames.ts'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { errorOf, Hex, readVectors, withBytes } from './read-vectors.ts'

const Bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array)
const Claim = z.strictObject({
  epoch: Epoch,
  upTo: z.int(),
  hash: Bytes.optional(),
  ranges: z.array(z.strictObject({ from: z.int(), to: z.int(), hash: Bytes })).optional(),
})

/** A frame as the program holds it: ids are text there, so this is not the schema of the wire. */
const InProgram: z.ZodType<Frame> = z.discriminatedUnion('type', [
  Hello.strict(),
  z.strictObject({ type: z.literal(2), id: EnvelopeId, sealing: z.enum(['signal', 'sender-key']), bytes: Bytes }),
  z.strictObject({ type: z.literal(3), envelopes: z.array(EnvelopeId), streams: z.array(Claim) }),
  z.strictObject({
    type: z.literal(4),
    envelope: EnvelopeId,
    code: RejectCode,
    streams: z.array(Claim),
    bundle: PrekeyBundle.optional(),
  }),
  z.strictObject({ type: z.literal(5), streams: z.array(Claim), latest: EnvelopeId.optional(), last: z.boolean() }),
  z.strictObject({ type: z.literal(6) }),
  z.strictObject({ type: z.literal(7) }),
  z.strictObject({ type: z.literal(8), reason: z.string(), retryAfterMs: z.int().optional() }),
  z.strictObject({ type: z.literal(9), bytes: Bytes }),
  z.strictObject({ type: z.literal(10) }),
  z.strictObject({ type: z.literal(11), bundle: PrekeyBundle }),
  z.strictObject({ type: z.literal(128), conversation: ConversationId }),
])
const AFrame = z.unknown().transform(withBytes).pipe(InProgram)

const FrameEntry = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('frame'), name: z.string(), frame: AFrame, bytes: Hex }),
  z.strictObject({ kind: z.literal('accepted'), name: z.string(), body: Hex, frame: AFrame }),
  z.strictObject({ kind: z.literal('ignored'), name: z.string(), body: Hex }),
])

const HostileEntry = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('refused'), name: z.string(), body: Hex, error: z.string() }),
  z.strictObject({
    kind: z.literal('refused-stream'),
    name: z.string(),
    bytes: Hex,
    maxBytes: z.int(),
    error: z.string(),
  }),
])

/** The bodies that come out of a stream that arrives in pieces of `size`. */
function bodiesOf(bytes: Uint8Array, size: number, maxBytes?: number): string[] {
  const bodies: string[] = []
  const reader = new FrameReader((body) => bodies.push(toHex(body)), maxBytes)
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size))
  return bodies
}

describe('the vectors of frames', () => {
  test.each(readVectors('frames.json', FrameEntry))('$kind: $name', (entry) => {
    switch (entry.kind) {
      case 'frame':
        expect(toHex(encodeFrame(entry.frame))).toBe(toHex(entry.bytes))
        expect(decodeFrame(entry.bytes.subarray(4))).toEqual(entry.frame)
        expect(bodiesOf(entry.bytes, 3)).toEqual([toHex(entry.bytes.subarray(4))])
        return
      case 'accepted':
        expect(decodeFrame(entry.body)).toEqual(entry.frame)
        return
      case 'ignored':
        expect(decodeFrame(entry.body)).toBeUndefined()
    }
  })

  test.each(readVectors('hostile-frames.json', HostileEntry))('$kind: $name', async (entry) => {
    if (entry.kind === 'refused') {
      expect(await errorOf(() => decodeFrame(entry.body))).toBe(entry.error)
    } else {
      for (const size of [1, entry.bytes.length])
        expect(await errorOf(() => bodiesOf(entry.bytes, size, entry.maxBytes))).toBe(entry.error)
    }
  })
})
