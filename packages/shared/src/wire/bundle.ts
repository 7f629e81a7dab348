// bundle = what one ciphertext holds: {v, streams, messages, withheld, control, pad?}
import { z } from 'zod'
import { type ConversationId, type Epoch, idBytes } from '#ids.ts'
import { MAX_BUNDLE_BYTES, MAX_BUNDLE_MESSAGES, MAX_CLAIMS_PER_FRAME } from '#limits.ts'
import { decodeCbor, encodeCbor } from '#wire/cbor.ts'
import { Bytes, Bytes32, ConversationBytes, EpochBytes, Seq } from '#wire/fields.ts'
import { MessageBytes, VoidReason } from '#wire/message.ts'

const Follows = z.object({ epoch: EpochBytes, seq: z.int().nonnegative(), hash: Bytes32 })

const BundleStream = z.object({
  epoch: EpochBytes,
  conversation: ConversationBytes,
  /** The first position meant for this device: below it nothing is missing. */
  base: Seq,
  /** The closed epoch that this one goes on from, and its last position. */
  follows: Follows.optional(),
})

/** A position whose content was ended for this account after others had got it: the chain stays whole. */
const Withheld = z.object({
  epoch: EpochBytes,
  seq: Seq,
  hash: Bytes32,
  prev: Bytes32,
  reason: VoidReason,
})

/** Travels without a position: never stored, never shown. Unknown kinds are passed over. */
const Control = z.object({ kind: z.string().min(1).max(32) })

export const Bundle = z.object({
  v: z.literal(1),
  streams: z.array(BundleStream).max(MAX_CLAIMS_PER_FRAME),
  messages: z.array(MessageBytes).max(MAX_BUNDLE_MESSAGES),
  withheld: z.array(Withheld).max(MAX_BUNDLE_MESSAGES),
  control: z.array(Control).max(16),
  pad: Bytes(MAX_BUNDLE_BYTES).optional(),
})
export type Bundle = z.infer<typeof Bundle>

export type Follows = z.infer<typeof Follows>
export type Withheld = z.infer<typeof Withheld>

export interface BundleDraft {
  readonly streams: readonly {
    readonly epoch: Epoch
    readonly conversation: ConversationId
    readonly base: number
    readonly follows?: Follows | undefined
  }[]
  readonly messages: readonly Uint8Array[]
  readonly withheld?: readonly Withheld[]
  readonly control: readonly { readonly kind: 'confirm' }[]
}

export function encodeBundle(draft: BundleDraft): Uint8Array {
  return encodeCbor({
    v: 1,
    streams: Array.from(draft.streams, ({ epoch, conversation, base, follows }) => ({
      epoch: idBytes(epoch),
      conversation: idBytes(conversation),
      base,
      ...(follows === undefined ? {} : { follows: { ...follows, epoch: idBytes(follows.epoch) } }),
    })),
    messages: draft.messages,
    withheld: Array.from(draft.withheld ?? [], (one) => ({ ...one, epoch: idBytes(one.epoch) })),
    control: draft.control,
  })
}

/** Throws CborError or ZodError. */
export function decodeBundle(bytes: Uint8Array): Bundle {
  return Bundle.parse(decodeCbor(bytes))
}
