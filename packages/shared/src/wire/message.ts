// message = CBOR map {prev, v, kind, critical, conversation, epoch, seq, parents, lamport, sentAt, priority, ttl?, deadline?, origin?, body}
// It is encoded once, by its author; everybody else hashes, stores and forwards the bytes as carried.
// The author writes `prev` first, at a fixed place: until a message is sealed, one before it may be revised, and then only `prev` changes.
import { z } from 'zod'
import { type ConversationId, type Epoch, idBytes, type MessageId } from '#ids.ts'
import { MAX_MESSAGE_BYTES, MAX_PARENTS, MAX_TEXT_BYTES } from '#limits.ts'
import { decodeCbor, encodeCbor } from '#wire/cbor.ts'
import { Bytes, Bytes32, ConversationBytes, Count, EpochBytes, MessageIdBytes } from '#wire/fields.ts'

/** `kind` says what `body` is. A receiver that does not know the kind still knows author, place and order. */
export const MessageKind = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/)

/** 0 is the most urgent. */
export const Priority = z.int().min(0).max(3)
export type Priority = z.infer<typeof Priority>
export const DEFAULT_PRIORITY = 1

export const Message = z.object({
  v: z.literal(1),
  kind: MessageKind,
  /** An unknown kind that is critical must be shown as something a newer version is needed for; others may be passed over. */
  critical: z.boolean(),
  conversation: ConversationBytes,
  epoch: EpochBytes,
  seq: z.int().positive(),
  /** Hash of position seq − 1 of the stream; `streamRoot` at position 1. */
  prev: Bytes32,
  /** Newest messages of others that the author had seen. */
  parents: z.array(MessageIdBytes).max(MAX_PARENTS),
  lamport: z.int().positive(),
  /** Unix milliseconds by the author's clock; shown, never used for order. */
  sentAt: Count,
  priority: Priority,
  /** Milliseconds after display for which the author wants it kept. */
  ttl: z.int().positive().optional(),
  /** Unix milliseconds by the author's clock. */
  deadline: Count.optional(),
  /** Where the same content stood in an epoch that was closed. */
  origin: z.object({ messageId: MessageIdBytes, bodyHash: Bytes32 }).optional(),
  body: Bytes(MAX_TEXT_BYTES),
})
export type Message = z.infer<typeof Message>

export interface MessageContent {
  readonly kind: string
  readonly critical: boolean
  readonly parents: readonly MessageId[]
  readonly lamport: number
  readonly sentAt: number
  readonly priority: Priority
  readonly ttl?: number | undefined
  readonly deadline?: number | undefined
  readonly origin?: { readonly messageId: MessageId; readonly bodyHash: Uint8Array } | undefined
  readonly body: Uint8Array
}

export interface MessagePlace {
  readonly conversation: ConversationId
  readonly epoch: Epoch
  readonly seq: number
}

/** The bytes of a message but for `prev`, which is zero until `chainMessage` writes it. Keys in the order of the picture above. */
export function draftMessage(place: MessagePlace, content: MessageContent): Uint8Array {
  const { ttl, deadline, origin } = content
  return encodeCbor({
    prev: NO_PREV,
    v: 1,
    kind: content.kind,
    critical: content.critical,
    conversation: idBytes(place.conversation),
    epoch: idBytes(place.epoch),
    seq: place.seq,
    parents: content.parents.map(idBytes),
    lamport: content.lamport,
    sentAt: content.sentAt,
    priority: content.priority,
    ...(ttl === undefined ? {} : { ttl }),
    ...(deadline === undefined ? {} : { deadline }),
    ...(origin === undefined ? {} : { origin: { messageId: idBytes(origin.messageId), bodyHash: origin.bodyHash } }),
    body: content.body,
  })
}

/** The finished bytes: the draft with the hash of the position before it. The draft itself is left alone. */
export function chainMessage(draft: Uint8Array, prev: Uint8Array): Uint8Array {
  const bytes = Buffer.from(draft)
  bytes.set(prev, PREV_OFFSET)
  return bytes
}

const NO_PREV = new Uint8Array(32)
/** Map header (1 byte, as there are at most 23 keys), the text "prev" (5), the byte string header 0x58 0x20 (2). */
const PREV_OFFSET = 8

/** Throws CborError or ZodError. */
export function decodeMessage(bytes: Uint8Array): Message {
  return Message.parse(decodeCbor(bytes))
}

export const MessageBytes = Bytes(MAX_MESSAGE_BYTES)
