// bundle = what one ciphertext holds: {v, streams, messages, withheld, control, pad?}
import { z } from 'zod'
import { type ConversationId, type Epoch, idBytes } from '#ids.ts'
import { MAX_BUNDLE_BYTES, MAX_BUNDLE_MESSAGES, MAX_CLAIMS_PER_FRAME } from '#limits.ts'
import { decodeCbor, encodeCbor } from '#wire/cbor.ts'
import { Bytes, Bytes32, ConversationBytes, EpochBytes, Seq } from '#wire/fields.ts'
import { MessageBytes } from '#wire/message.ts'

const BundleStream = z.object({
  epoch: EpochBytes,
  conversation: ConversationBytes,
  /** The first position meant for this device: below it nothing is missing. */
  base: Seq,
  /** The closed epoch that this one goes on from. */
  follows: z.object({ epoch: EpochBytes, seq: z.int().nonnegative(), hash: Bytes32 }).optional(),
})

/** A position that exists, but whose content is not for this account: the chain stays whole. */
const Withheld = z.object({
  epoch: EpochBytes,
  seq: Seq,
  hash: Bytes32,
  prev: Bytes32,
  reason: z.enum(['cancelled', 'expired', 'edited']),
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

export interface BundleDraft {
  readonly streams: readonly {
    readonly epoch: Epoch
    readonly conversation: ConversationId
    readonly base: number
  }[]
  readonly messages: readonly Uint8Array[]
  readonly control: readonly { readonly kind: 'confirm' }[]
}

export function encodeBundle(draft: BundleDraft): Uint8Array {
  return encodeCbor({
    v: 1,
    streams: draft.streams.map(({ epoch, conversation, base }) => ({
      epoch: idBytes(epoch),
      conversation: idBytes(conversation),
      base,
    })),
    messages: draft.messages,
    withheld: [],
    control: draft.control,
  })
}

/** Throws CborError or ZodError. */
export function decodeBundle(bytes: Uint8Array): Bundle {
  return Bundle.parse(decodeCbor(bytes))
}
