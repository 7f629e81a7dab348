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
  return digest(Buffer.concat(parts))
}

/** In one shot, and by way of a string: for some hundred bytes a hash object, or a buffer made outside, costs more than the hashing. */
function digest(bytes: Uint8Array): Uint8Array {
  return Buffer.from(hash('sha256', bytes, 'binary'), 'latin1')
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
  if (bytes.length > SCRATCH_BYTES) return sha256(MESSAGE_DOMAIN, bytes)
  scratch.set(bytes, MESSAGE_DOMAIN.length)
  return digest(scratch.subarray(0, MESSAGE_DOMAIN.length + bytes.length))
}
const MESSAGE_DOMAIN = utf8('parley/1 message')
const SCRATCH_BYTES = 4_096
/** A message behind its domain; used again, as hashing is done when it returns. */
const scratch = Buffer.concat([MESSAGE_DOMAIN, Buffer.alloc(SCRATCH_BYTES)])

/** What a message says, wherever it stands = SHA-256("parley/1 body" ‖ kind ‖ 0x00 ‖ body). */
export function bodyHash(kind: string, body: Uint8Array): Uint8Array {
  return sha256(utf8(`parley/1 body${kind}\0`), body)
}

/** `prev` of position 1 = SHA-256("parley/1 stream" ‖ device key ‖ conversation ‖ epoch): a stream begins in itself. */
export function streamRoot(device: DeviceKey, conversation: ConversationId, epoch: Epoch): Uint8Array {
  return sha256(utf8('parley/1 stream'), idBytes(device), idBytes(conversation), idBytes(epoch))
}
