// Every hash that names or chains something, with its domain. ‖ is concatenation; strings are ASCII, integers u64 big-endian.
import { hash } from 'node:crypto'
import { toBase64url, uint64, utf8 } from '#bytes.ts'
import {
  AccountId,
  type AccountKey,
  ConversationId,
  type DeviceKey,
  Digest,
  type DirectoryKey,
  type Epoch,
  idBytes,
  MessageId,
} from '#ids.ts'

function sha256(...parts: Uint8Array[]): Uint8Array {
  // In one shot: for some hundred bytes a hash object costs more than the hashing.
  return hash('sha256', Buffer.concat(parts), 'buffer')
}

/** accountId = SHA-256(first account key). */
export function accountIdOf(firstKey: AccountKey): AccountId {
  return AccountId.parse(toBase64url(sha256(idBytes(firstKey))))
}

/** aud = SHA-256(directory key). */
export function audienceOf(directory: DirectoryKey): Digest {
  return Digest.parse(toBase64url(sha256(idBytes(directory))))
}

/** SHA-256 of a text as carried; chains account records and covers a prekey batch. */
export function digestOf(text: string): Digest {
  return Digest.parse(toBase64url(sha256(utf8(text))))
}

/** conversation = SHA-256("parley/1 direct" ‖ lower accountId ‖ higher accountId), compared as bytes. */
export function directConversationId(one: AccountId, other: AccountId): ConversationId {
  const [lower, higher] = [Buffer.from(idBytes(one)), Buffer.from(idBytes(other))].sort((a, b) => Buffer.compare(a, b))
  return ConversationId.parse(
    toBase64url(sha256(utf8('parley/1 direct'), lower ?? new Uint8Array(), higher ?? new Uint8Array())),
  )
}

/** messageId = first 16 bytes of SHA-256("parley/1 id" ‖ device key ‖ epoch ‖ seq); for many positions of one stream. */
export function messageIdsOf(device: DeviceKey, epoch: Epoch): (seq: number) => Uint8Array {
  const stream = Buffer.concat([utf8('parley/1 id'), idBytes(device), idBytes(epoch)])
  return (seq) => sha256(stream, uint64(seq)).subarray(0, 16)
}

export function messageIdBytes(device: DeviceKey, epoch: Epoch, seq: number): Uint8Array {
  return messageIdsOf(device, epoch)(seq)
}

export function messageIdOf(device: DeviceKey, epoch: Epoch, seq: number): MessageId {
  return MessageId.parse(toBase64url(messageIdBytes(device, epoch, seq)))
}

/** hash of a message = SHA-256("parley/1 message" ‖ bytes as carried). */
export function messageHash(bytes: Uint8Array): Uint8Array {
  return sha256(MESSAGE_DOMAIN, bytes)
}
const MESSAGE_DOMAIN = utf8('parley/1 message')

/** `prev` of position 1 = SHA-256("parley/1 stream" ‖ device key ‖ conversation ‖ epoch): a stream begins in itself. */
export function streamRoot(device: DeviceKey, conversation: ConversationId, epoch: Epoch): Uint8Array {
  return sha256(utf8('parley/1 stream'), idBytes(device), idBytes(conversation), idBytes(epoch))
}
