// What is in the body of a message, by its kind:
//   text     = UTF-8
//   edit     = CBOR {of: {device, epoch, seq}, text}     the message at that place has this text from now on
//   delete   = CBOR {of: {device, epoch, seq}}           the message at that place is to be shown no more
//   reaction = CBOR {of: {device, epoch, seq}, emoji}  what its author thinks of the message at that place; empty: nothing any more
//   read     = CBOR {streams: [{device, epoch, upTo}]}   its author has seen these streams up to there
import { z } from 'zod'
import { Emoji } from '#emoji.ts'
import { type DeviceKey, type Epoch, idBytes } from '#ids.ts'
import { MAX_READ_STREAMS, MAX_TEXT_BYTES } from '#limits.ts'
import { decodeCbor, encodeCbor } from '#wire/cbor.ts'
import { DeviceBytes, EpochBytes, Seq } from '#wire/fields.ts'

export const TEXT_KIND = 'text'
export const EDIT_KIND = 'edit'
export const DELETE_KIND = 'delete'
export const REACTION_KIND = 'reaction'
export const READ_KIND = 'read'

/** Where a message stands; the same for everybody, whether it is held or not. */
export interface MessageReference {
  readonly device: DeviceKey
  readonly epoch: Epoch
  readonly seq: number
}

/** So far somebody has seen a stream. */
export interface ReadMark {
  readonly device: DeviceKey
  readonly epoch: Epoch
  readonly upTo: number
}

const Reference = z.object({ device: DeviceBytes, epoch: EpochBytes, seq: Seq })
const EditBody = z.object({ of: Reference, text: z.string().max(MAX_TEXT_BYTES) })
const DeleteBody = z.object({ of: Reference })
const ReactionBody = z.object({ of: Reference, emoji: z.union([z.literal(''), Emoji]) })
const ReadBody = z.object({
  streams: z.array(z.object({ device: DeviceBytes, epoch: EpochBytes, upTo: Seq })).max(MAX_READ_STREAMS),
})

export function encodeEdit(of: MessageReference, text: string): Uint8Array {
  return encodeCbor({ of: wireReference(of), text })
}

export function encodeDelete(of: MessageReference): Uint8Array {
  return encodeCbor({ of: wireReference(of) })
}

/** An empty `emoji` takes back what was said before. */
export function encodeReaction(of: MessageReference, emoji: string): Uint8Array {
  return encodeCbor({ of: wireReference(of), emoji })
}

export function encodeRead(marks: readonly ReadMark[]): Uint8Array {
  return encodeCbor({
    // Array.from, not map: see `toWire` in frames.ts.
    streams: Array.from(marks, ({ device, epoch, upTo }) => ({ device: idBytes(device), epoch: idBytes(epoch), upTo })),
  })
}

/** What an edit says, or a deletion (no text). Undefined for a body that is neither: its author wrote nonsense. */
export function readRevision(
  kind: string,
  body: Uint8Array,
): { readonly of: MessageReference; readonly text?: string | undefined } | undefined {
  if (kind === EDIT_KIND) return read(EditBody, body)
  return kind === DELETE_KIND ? read(DeleteBody, body) : undefined
}

/** Undefined for a body that is none. */
export function readReaction(body: Uint8Array): { readonly of: MessageReference; readonly emoji: string } | undefined {
  return read(ReactionBody, body)
}

/** Undefined for a body that is none. */
export function readMarks(body: Uint8Array): readonly ReadMark[] | undefined {
  return read(ReadBody, body)?.streams
}

function read<S extends z.ZodType>(schema: S, body: Uint8Array): z.infer<S> | undefined {
  try {
    return schema.safeParse(decodeCbor(body)).data
  } catch {
    return undefined
  }
}

function wireReference({ device, epoch, seq }: MessageReference): object {
  return { device: idBytes(device), epoch: idBytes(epoch), seq }
}
