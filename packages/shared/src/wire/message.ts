// message = CBOR map with numbers as keys:
//   {0 prev, 1 v, 2 kind, 3 critical, 4 conversation, 5 epoch, 6 seq, 7 parents, 8 lamport, 9 sentAt, 10 priority,
//    11 ttl?, 12 deadline?, 13 origin?: {0 epoch, 1 seq, 2 bodyHash}, 14 body, 15 replyTo?: {0 device, 1 epoch, 2 seq}}
// It is encoded once, by its author; everybody else hashes, stores and forwards the bytes as carried.
// The author writes `prev` first, at a fixed place: until a message is sealed, one before it may be revised, and then only `prev` changes.
import { z } from 'zod'
import { type ConversationId, type Epoch, idBytes, type MessageId } from '#ids.ts'
import { MAX_CONTENT_BYTES, MAX_MESSAGE_BYTES, MAX_MOMENT_MS, MAX_PARENTS } from '#limits.ts'
import { decodeCbor } from '#wire/cbor.ts'
import { CborWriter, MAX_HEAD_BYTES } from '#wire/cbor-writer.ts'
import {
  Bytes,
  Bytes32,
  ConversationBytes,
  Count,
  DeviceBytes,
  EpochBytes,
  MessageIdBytes,
  Moment,
  Seq,
} from '#wire/fields.ts'
import type { MessageReference } from '#wire/message-body.ts'
import { readPlainMessage } from '#wire/plain-message.ts'

/** `kind` says what `body` is. A receiver that does not know the kind still knows author, place and order. */
export const MessageKind = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/)

/** A message that gives its position up: it keeps the chain whole and is never shown. Its body is the reason. */
export const VOID_KIND = 'void'

/** Why there is nothing to read at a position. */
export const VoidReason = z.enum(['cancelled', 'expired'])
export type VoidReason = z.infer<typeof VoidReason>

/** 0 is the most urgent. */
export const Priority = z.int().min(0).max(3)
export type Priority = z.infer<typeof Priority>
export const DEFAULT_PRIORITY = 1
/** Those that have a name for people; 3 is left for later. */
export const PRIORITIES = { urgent: 0, normal: DEFAULT_PRIORITY, bulk: 2 } as const

const Message = z.object({
  v: z.literal(1),
  kind: MessageKind,
  /** An unknown kind that is critical must be shown as something a newer version is needed for; others may be passed over. */
  critical: z.boolean(),
  conversation: ConversationBytes,
  epoch: EpochBytes,
  seq: Seq,
  /** Hash of position seq − 1 of the stream; `streamRoot` at position 1. */
  prev: Bytes32,
  /** Newest messages of others that the author had seen. */
  parents: z.array(MessageIdBytes).max(MAX_PARENTS),
  lamport: z.int().positive(),
  /** Unix milliseconds by the author's clock; shown, never used for order. */
  sentAt: Moment,
  priority: Priority,
  /** Milliseconds after display for which the author wants it kept. */
  ttl: z.int().positive().optional(),
  /** Unix milliseconds by the author's clock. */
  deadline: Moment.optional(),
  /** Where the same content stood first, in an epoch of this device that was closed; `bodyHash` as `hashes.ts` has it. */
  origin: z.object({ epoch: EpochBytes, seq: Seq, bodyHash: Bytes32 }).optional(),
  body: Bytes(MAX_CONTENT_BYTES),
  /** Which message it answers. In the header, so that a reader who does not know of answers shows the text. */
  replyTo: z.object({ device: DeviceBytes, epoch: EpochBytes, seq: Seq }).optional(),
})
export type Message = z.infer<typeof Message>

const StoredMoment = Count.transform((moment) => Math.min(moment, MAX_MOMENT_MS))
const StoredMessage = Message.extend({ sentAt: StoredMoment, deadline: StoredMoment.optional() })

/** On the wire a field is its number. */
const WireMessage = z.looseObject({}).transform((map) => ({
  prev: map['0'],
  v: map['1'],
  kind: map['2'],
  critical: map['3'],
  conversation: map['4'],
  epoch: map['5'],
  seq: map['6'],
  parents: map['7'],
  lamport: map['8'],
  sentAt: map['9'],
  priority: map['10'],
  ttl: map['11'],
  deadline: map['12'],
  origin: map['13'] === undefined ? undefined : WireOrigin.parse(map['13']),
  body: map['14'],
  replyTo: map['15'] === undefined ? undefined : WireReference.parse(map['15']),
}))
const WireReference = z.looseObject({}).transform((map) => ({ device: map['0'], epoch: map['1'], seq: map['2'] }))
const WireOrigin = z.looseObject({}).transform((map) => ({ epoch: map['0'], seq: map['1'], bodyHash: map['2'] }))

export interface Origin {
  readonly epoch: Epoch
  readonly seq: number
  readonly bodyHash: Uint8Array
}

export interface MessageContent {
  readonly kind: string
  readonly critical: boolean
  readonly parents: readonly MessageId[]
  readonly lamport: number
  readonly sentAt: number
  readonly priority: Priority
  readonly ttl?: number | undefined
  readonly deadline?: number | undefined
  readonly origin?: Origin | undefined
  readonly body: Uint8Array
  readonly replyTo?: MessageReference | undefined
}

export interface MessagePlace {
  readonly conversation: ConversationId
  readonly epoch: Epoch
  readonly seq: number
}

type Encode = (seq: number, prev: Uint8Array, content: MessageContent) => Uint8Array

/** The bytes of messages, for many positions of one stream. */
export function messageEncoder(conversation: ConversationId, epoch: Epoch): Encode {
  const conversationBytes = idBytes(conversation)
  const epochBytes = idBytes(epoch)
  return (seq, prev, content) => {
    const { kind, parents, ttl, deadline, origin, body, replyTo } = content
    const optional =
      Number(ttl !== undefined) +
      Number(deadline !== undefined) +
      Number(origin !== undefined) +
      Number(replyTo !== undefined)
    const writer = new CborWriter(MAX_FIXED_BYTES + kind.length + 17 * parents.length + body.length)
    writer.map(12 + optional)
    writer.uint(0)
    writer.bytes(prev)
    writer.uint(1)
    writer.uint(1)
    writer.uint(2)
    writer.text(kind)
    writer.uint(3)
    writer.bool(content.critical)
    writer.uint(4)
    writer.bytes(conversationBytes)
    writer.uint(5)
    writer.bytes(epochBytes)
    writer.uint(6)
    writer.uint(seq)
    writer.uint(7)
    writer.array(parents.length)
    for (const parent of parents) writer.bytes(idBytes(parent))
    writer.uint(8)
    writer.uint(content.lamport)
    writer.uint(9)
    writer.uint(content.sentAt)
    writer.uint(10)
    writer.uint(content.priority)
    if (ttl !== undefined) {
      writer.uint(11)
      writer.uint(ttl)
    }
    if (deadline !== undefined) {
      writer.uint(12)
      writer.uint(deadline)
    }
    if (origin !== undefined) {
      writer.uint(13)
      writer.map(3)
      writer.uint(0)
      writer.bytes(idBytes(origin.epoch))
      writer.uint(1)
      writer.uint(origin.seq)
      writer.uint(2)
      writer.bytes(origin.bodyHash)
    }
    writer.uint(14)
    writer.bytes(body)
    if (replyTo !== undefined) {
      writer.uint(15)
      writer.map(3)
      writer.uint(0)
      writer.bytes(idBytes(replyTo.device))
      writer.uint(1)
      writer.bytes(idBytes(replyTo.epoch))
      writer.uint(2)
      writer.uint(replyTo.seq)
    }
    return writer.finish()
  }
}

/** 16 keys, their heads, and `prev`, conversation, epoch, origin and what is answered. */
const MAX_FIXED_BYTES = 16 + 24 * MAX_HEAD_BYTES + 32 + 32 + 16 + 51 + 51

/** The bytes of a message but for `prev`, which is zero until `chainMessage` writes it. */
export function draftMessage({ conversation, epoch, seq }: MessagePlace, content: MessageContent): Uint8Array {
  return messageEncoder(conversation, epoch)(seq, NO_PREV, content)
}

/** The finished bytes: the draft with the hash of the position before it. The draft itself is left alone. */
export function chainMessage(draft: Uint8Array, prev: Uint8Array): Uint8Array {
  const bytes = Buffer.from(draft)
  bytes.set(prev, PREV_OFFSET)
  return bytes
}

const NO_PREV = new Uint8Array(32)
/** Map header (1 byte, as there are at most 23 keys), the key (1), the byte string header 0x58 0x20 (2). */
const PREV_OFFSET = 4

/** One that comes in. Throws CborError or ZodError. */
export function decodeMessage(bytes: Uint8Array): Message {
  return readPlainMessage(bytes) ?? decodeAnyMessage(bytes)
}

/** However its author encoded it, with whatever is in it. Throws CborError or ZodError. */
export function decodeAnyMessage(bytes: Uint8Array): Message {
  return Message.parse(WireMessage.parse(decodeCbor(bytes)))
}

/**
 * One that was taken in, maybe by a version that let moments lie beyond MAX_MOMENT_MS: they are read as the last that there is. What is
 * stored as it was carried must not keep the rest of a conversation from being read. Throws CborError or ZodError.
 */
export function decodeStoredMessage(bytes: Uint8Array): Message {
  return readPlainMessage(bytes) ?? StoredMessage.parse(WireMessage.parse(decodeCbor(bytes)))
}

export const MessageBytes = Bytes(MAX_MESSAGE_BYTES)
