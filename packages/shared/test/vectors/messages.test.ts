import { toHex } from '@parley/shared/bytes.ts'
import { messageHash, messageIdOf, streamRoot } from '@parley/shared/hashes.ts'
import { ConversationId, DeviceKey, Epoch, MessageId } from '@parley/shared/ids.ts'
import { decodeBundle, encodeBundle } from '@parley/shared/wire/bundle.ts'
import {
  chainMessage,
  decodeMessage,
  draftMessage,
  MessageKind,
  Priority,
  VoidReason,
} from '@parley/shared/wire/message.ts'
import {
  encodeDelete,
  encodeEdit,
  encodeReaction,
  encodeRead,
  readMarks,
  readReaction,
  readRevision,
} from '@parley/shared/wire/message-body.ts'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { errorOf, Hex, readVectors, withBytes } from './read-vectors.ts'

const name = z.string()
const Bytes = z.strictObject({ hex: Hex }).transform(({ hex }) => hex)
const Refused = z.strictObject({ kind: z.literal('refused'), name, bytes: Hex, error: z.string() })

const MessageEntry = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('message'),
    name,
    place: z.strictObject({ conversation: ConversationId, epoch: Epoch, seq: z.int() }),
    content: z.strictObject({
      kind: MessageKind,
      critical: z.boolean(),
      parents: z.array(MessageId),
      lamport: z.int(),
      sentAt: z.int(),
      priority: Priority,
      ttl: z.int().optional(),
      deadline: z.int().optional(),
      origin: z.strictObject({ epoch: Epoch, seq: z.int(), bodyHash: Bytes }).optional(),
      body: Bytes,
      replyTo: z.strictObject({ device: DeviceKey, epoch: Epoch, seq: z.int() }).optional(),
    }),
    draft: Hex,
    prev: Hex,
    bytes: Hex,
    hash: Hex,
  }),
  z.strictObject({
    kind: z.literal('chain'),
    name,
    device: DeviceKey,
    conversation: ConversationId,
    epoch: Epoch,
    root: Hex,
    positions: z.array(z.strictObject({ seq: z.int(), messageId: MessageId, bytes: Hex, hash: Hex })).min(1),
  }),
  z.strictObject({ kind: z.literal('accepted'), name, bytes: Hex, message: z.unknown() }),
  Refused,
])

describe('the vectors of messages', () => {
  test.each(readVectors('messages.json', MessageEntry))('$kind: $name', async (entry) => {
    switch (entry.kind) {
      case 'message': {
        const { place, content, draft, prev, bytes, hash } = entry
        expect(toHex(draftMessage(place, content))).toBe(toHex(draft))
        expect(toHex(chainMessage(draft, prev))).toBe(toHex(bytes))
        expect(toHex(messageHash(bytes))).toBe(toHex(hash))
        expect(decodeMessage(bytes)).toEqual({ v: 1, ...place, ...content, prev })
        return
      }
      case 'chain': {
        const { device, conversation, epoch } = entry
        let prev: Uint8Array = entry.root
        expect(toHex(streamRoot(device, conversation, epoch))).toBe(toHex(prev))
        for (const { seq, messageId, bytes, hash } of entry.positions) {
          expect(decodeMessage(bytes)).toMatchObject({ conversation, epoch, seq })
          expect(toHex(decodeMessage(bytes).prev)).toBe(toHex(prev))
          expect(messageIdOf(device, epoch, seq)).toBe(messageId)
          expect(toHex(messageHash(bytes))).toBe(toHex(hash))
          prev = hash
        }
        return
      }
      case 'accepted':
        expect(decodeMessage(entry.bytes)).toEqual(withBytes(entry.message))
        return
      case 'refused':
        expect(await errorOf(() => decodeMessage(entry.bytes))).toBe(entry.error)
    }
  })
})

const Reference = z.strictObject({ device: DeviceKey, epoch: Epoch, seq: z.int() })
const Bodies = {
  edit: z.strictObject({ of: Reference, text: z.string() }),
  delete: z.strictObject({ of: Reference }),
  reaction: z.strictObject({ of: Reference, emoji: z.string() }),
  read: z.strictObject({ streams: z.array(z.strictObject({ device: DeviceKey, epoch: Epoch, upTo: z.int() })) }),
} as const
const BodyKind = z.enum(['edit', 'delete', 'reaction', 'read'])
const BodyEntry = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.enum(['body', 'accepted']), name, messageKind: BodyKind, value: z.unknown(), bytes: Hex }),
  z.strictObject({ kind: z.literal('refused'), name, messageKind: BodyKind, bytes: Hex }),
])

function encodeBody(kind: z.infer<typeof BodyKind>, value: unknown): Uint8Array {
  switch (kind) {
    case 'edit': {
      const { of, text } = Bodies.edit.parse(value)
      return encodeEdit(of, text)
    }
    case 'delete':
      return encodeDelete(Bodies.delete.parse(value).of)
    case 'reaction': {
      const { of, emoji } = Bodies.reaction.parse(value)
      return encodeReaction(of, emoji)
    }
    case 'read':
      return encodeRead(Bodies.read.parse(value).streams)
  }
}

function readBody(kind: z.infer<typeof BodyKind>, bytes: Uint8Array): unknown {
  if (kind === 'reaction') return readReaction(bytes)
  if (kind !== 'read') return readRevision(kind, bytes)
  const streams = readMarks(bytes)
  return streams && { streams }
}

describe('the vectors of bodies', () => {
  test.each(readVectors('bodies.json', BodyEntry))('$kind, $messageKind: $name', (entry) => {
    const { kind, messageKind, bytes } = entry
    if (kind === 'body') expect(toHex(encodeBody(messageKind, entry.value))).toBe(toHex(bytes))
    expect(readBody(messageKind, bytes)).toEqual(kind === 'refused' ? undefined : entry.value)
  })
})

const BundleEntry = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('bundle'),
    name,
    draft: z.strictObject({
      streams: z.array(
        z.strictObject({
          epoch: Epoch,
          conversation: ConversationId,
          base: z.int(),
          follows: z.strictObject({ epoch: Epoch, seq: z.int(), hash: Bytes }).optional(),
        }),
      ),
      messages: z.array(Bytes),
      withheld: z
        .array(z.strictObject({ epoch: Epoch, seq: z.int(), hash: Bytes, prev: Bytes, reason: VoidReason }))
        .default([]),
      control: z.array(z.strictObject({ kind: z.literal('confirm') })),
    }),
    bytes: Hex,
  }),
  z.strictObject({ kind: z.literal('accepted'), name, bytes: Hex, bundle: z.unknown() }),
  Refused,
])

describe('the vectors of bundles', () => {
  test.each(readVectors('bundles.json', BundleEntry))('$kind: $name', async (entry) => {
    switch (entry.kind) {
      case 'bundle':
        expect(toHex(encodeBundle(entry.draft))).toBe(toHex(entry.bytes))
        expect(decodeBundle(entry.bytes)).toEqual({ v: 1, ...entry.draft })
        return
      case 'accepted':
        expect(decodeBundle(entry.bytes)).toEqual(withBytes(entry.bundle))
        return
      case 'refused':
        expect(await errorOf(() => decodeBundle(entry.bytes))).toBe(entry.error)
    }
  })
})
