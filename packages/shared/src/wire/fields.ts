// How identifiers travel in CBOR: as byte strings of exact length; inside the program they are base64url text.
import { z } from 'zod'
import { toBase64url } from '#bytes.ts'
import { ConversationId, DeviceKey, EnvelopeId, Epoch, MessageId } from '#ids.ts'
import { MAX_MOMENT_MS, MAX_SEQ } from '#limits.ts'

/** Exact in a double. */
export const Count = z.int().nonnegative()

/** Unix milliseconds that can be shown as a date. */
export const Moment = z.int().nonnegative().max(MAX_MOMENT_MS)

/** A position of a stream. */
export const Seq = z.int().positive().max(MAX_SEQ)

const AnyBytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'a byte string')

export const Bytes16 = AnyBytes.refine((bytes) => bytes.length === 16, '16 bytes')
export const Bytes32 = AnyBytes.refine((bytes) => bytes.length === 32, '32 bytes')
export const Bytes = (max: number) => AnyBytes.refine((bytes) => bytes.length <= max, `at most ${max} bytes`)

export const EpochBytes = Bytes16.transform((bytes) => Epoch.parse(toBase64url(bytes)))
export const EnvelopeIdBytes = Bytes16.transform((bytes) => EnvelopeId.parse(toBase64url(bytes)))
export const MessageIdBytes = Bytes16.transform((bytes) => MessageId.parse(toBase64url(bytes)))
export const ConversationBytes = Bytes32.transform((bytes) => ConversationId.parse(toBase64url(bytes)))
export const DeviceBytes = Bytes32.transform((bytes) => DeviceKey.parse(toBase64url(bytes)))
