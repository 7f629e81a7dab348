import { ConversationId, Epoch, MessageId } from '@parley/shared/ids.ts'
import { MAX_MOMENT_MS } from '@parley/shared/limits.ts'
import { chainMessage, decodeAnyMessage, decodeStoredMessage, draftMessage } from '@parley/shared/wire/message.ts'
import { readPlainMessage } from '@parley/shared/wire/plain-message.ts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const id = (size: number) =>
  fc.uint8Array({ minLength: size, maxLength: size }).map((bytes) => Buffer.from(bytes).toString('base64url'))

const plainMessage = fc
  .record({
    conversation: id(32).map((text) => ConversationId.parse(text)),
    epoch: id(16).map((text) => Epoch.parse(text)),
    seq: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
    prev: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    kind: fc.constantFrom('text', 'void', 'a', 'a-word-of-23-characters'),
    critical: fc.boolean(),
    lamport: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })),
    sentAt: fc.oneof(fc.integer({ min: 0, max: 70_000 }), fc.integer({ min: 0, max: MAX_MOMENT_MS })),
    priority: fc.constantFrom(0 as const, 1 as const, 2 as const, 3 as const),
    parents: fc.array(
      id(16).map((text) => MessageId.parse(text)),
      { maxLength: 16 },
    ),
    body: fc.uint8Array({ maxLength: 300 }),
  })
  .map(({ prev, ...message }) => ({
    message: { v: 1, prev, ...message },
    bytes: chainMessage(draftMessage(message, message), prev),
  }))

function schemaSays(bytes: Uint8Array): unknown {
  try {
    return decodeAnyMessage(bytes)
  } catch {
    return undefined
  }
}

const asBuffers = (message: object) =>
  Object.fromEntries(
    Object.entries(message).map(([key, value]) => [key, value instanceof Uint8Array ? Buffer.from(value) : value]),
  )

describe('the reader of plain messages', () => {
  test('reads what we write, as the schema does', () => {
    fc.assert(
      fc.property(plainMessage, ({ message, bytes }) => {
        const read = readPlainMessage(bytes)
        expect(read).toBeDefined()
        expect(asBuffers(read ?? {})).toEqual(asBuffers(message))
        expect(asBuffers(decodeAnyMessage(bytes))).toEqual(asBuffers(message))
      }),
    )
  })

  test('of bytes that were changed, cut or lengthened it takes none otherwise than the schema does', () => {
    const changed = fc
      .tuple(plainMessage, fc.nat({ max: 500 }), fc.nat({ max: 255 }), fc.constantFrom('change', 'cut', 'lengthen'))
      .map(([{ bytes }, where, byte, how]) => {
        const at = where % bytes.length
        if (how === 'cut') return Buffer.from(bytes.subarray(0, at))
        if (how === 'lengthen') return Buffer.concat([bytes, Buffer.of(byte)])
        const copy = Buffer.from(bytes)
        copy[at] = byte
        return copy
      })
    fc.assert(
      fc.property(changed, (bytes) => {
        const read = readPlainMessage(bytes)
        if (read !== undefined) expect(schemaSays(bytes)).toEqual(read)
      }),
      { numRuns: 2_000 },
    )
  })

  const place = { conversation: ConversationId.parse('A'.repeat(43)), epoch: Epoch.parse('A'.repeat(22)), seq: 1 }
  const content = {
    kind: 'text',
    critical: true,
    parents: [],
    lamport: 1,
    sentAt: 0,
    priority: 1,
    body: Buffer.of(1),
  } as const

  test('takes no time that no clock shows, nor does the schema: who shows it would fail', () => {
    const last = draftMessage(place, { ...content, sentAt: MAX_MOMENT_MS, deadline: MAX_MOMENT_MS })
    expect(schemaSays(last)).toMatchObject({ sentAt: MAX_MOMENT_MS, deadline: MAX_MOMENT_MS })
    for (const time of [MAX_MOMENT_MS + 1, 9e15]) {
      const bytes = draftMessage(place, { ...content, sentAt: time })
      expect([readPlainMessage(bytes), schemaSays(bytes)]).toEqual([undefined, undefined])
      expect(schemaSays(draftMessage(place, { ...content, deadline: time }))).toBeUndefined()
      const stored = decodeStoredMessage(draftMessage(place, { ...content, sentAt: time, deadline: time }))
      expect(stored).toMatchObject({ sentAt: MAX_MOMENT_MS, deadline: MAX_MOMENT_MS })
    }
  })

  test('leaves whatever has an optional field to the schema', () => {
    expect(readPlainMessage(draftMessage(place, content))).toBeDefined()
    expect(readPlainMessage(draftMessage(place, { ...content, ttl: 1 }))).toBeUndefined()
  })
})
