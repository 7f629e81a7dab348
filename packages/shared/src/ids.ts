// Identifiers are base64url text, branded, and made only by their schema. 32 bytes are 43 characters and 16 bytes are 22;
// the last character carries unused bits that must be zero, so that each id has exactly one spelling.
import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { fromBase64url, toBase64url } from '#bytes.ts'
import { MAX_NAME_CHARS } from '#limits.ts'

const BASE64URL_32_BYTES = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/
const BASE64URL_16_BYTES = /^[A-Za-z0-9_-]{21}[AQgw]$/

/** SHA-256 of the account's first account key. Never changes, whatever happens to the key. */
export const AccountId = z.string().regex(BASE64URL_32_BYTES).brand('AccountId')
export type AccountId = z.infer<typeof AccountId>

/** The account's Ed25519 public key in force. */
export const AccountKey = z.string().regex(BASE64URL_32_BYTES).brand('AccountKey')
export type AccountKey = z.infer<typeof AccountKey>

/** A device's Ed25519 public key: its identity towards other peers and the key of its TLS certificate. */
export const DeviceKey = z.string().regex(BASE64URL_32_BYTES).brand('DeviceKey')
export type DeviceKey = z.infer<typeof DeviceKey>

/** The directory's Ed25519 public key; its SHA-256 is the audience of all that is signed for it. */
export const DirectoryKey = z.string().regex(BASE64URL_32_BYTES).brand('DirectoryKey')
export type DirectoryKey = z.infer<typeof DirectoryKey>

/** A SHA-256, as text. */
export const Digest = z.string().regex(BASE64URL_32_BYTES).brand('Digest')
export type Digest = z.infer<typeof Digest>

export const ConversationId = z.string().regex(BASE64URL_32_BYTES).brand('ConversationId')
export type ConversationId = z.infer<typeof ConversationId>

/** 128 random bits that name one run of a device's stream in one conversation. */
export const Epoch = z.string().regex(BASE64URL_16_BYTES).brand('Epoch')
export type Epoch = z.infer<typeof Epoch>

/** Names one position of a stream; see `hashes.ts`. */
export const MessageId = z.string().regex(BASE64URL_16_BYTES).brand('MessageId')
export type MessageId = z.infer<typeof MessageId>

/** 128 random bits. One id, one ciphertext, for ever. */
export const EnvelopeId = z.string().regex(BASE64URL_16_BYTES).brand('EnvelopeId')
export type EnvelopeId = z.infer<typeof EnvelopeId>

/** The local API's id of a message on this device; the same through edits. Others know it by its `MessageId`. */
export const LocalMessageId = z.string().regex(BASE64URL_16_BYTES).brand('LocalMessageId')
export type LocalMessageId = z.infer<typeof LocalMessageId>

/** What the schema says, for ids that are made by the hundred. */
export function isLocalMessageId(text: string): text is LocalMessageId {
  return BASE64URL_16_BYTES.test(text)
}

/** The handle of an account in one directory, already folded to lower case. */
export const Name = z
  .string()
  .max(MAX_NAME_CHARS)
  .regex(
    /^[a-z0-9](?:[a-z0-9._-]{0,30}[a-z0-9])?$/,
    'a name is 1 to 32 of a-z 0-9 . _ - and starts and ends with a letter or digit',
  )
  .brand('Name')
export type Name = z.infer<typeof Name>

/** Folds what a person typed to a name, or undefined when it cannot be one. */
export function foldName(typed: string): Name | undefined {
  return Name.safeParse(typed.trim().toLowerCase()).data
}

/** 16 bytes, drawn from `random`, as text. */
export function randomId<T extends z.ZodType<string>>(
  schema: T,
  random: (size: number) => Uint8Array = randomBytes,
): z.infer<T> {
  return schema.parse(toBase64url(random(16)))
}

export function idBytes(
  id: AccountId | AccountKey | DeviceKey | DirectoryKey | ConversationId | Epoch | MessageId | EnvelopeId | Digest,
): Uint8Array {
  return fromBase64url(id)
}
