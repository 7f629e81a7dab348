// frame = u32 big-endian length, then that many bytes of CBOR; key `type` names the kind.
//   1 hello · 2 envelope · 3 ack · 4 reject · 5 positions · 6 ping · 7 pong · 8 bye · 9 app · 10 prekeys-request · 11 prekeys
//   128 typing · 16 cards and 32 to 47 files are reserved. Unknown types below 128 end the link, from 128 on they are ignored.
import { z } from 'zod'
import { type EnvelopeId, type Epoch, idBytes, Name } from '#ids.ts'
import { MAX_APP_BYTES, MAX_CLAIM_RANGES, MAX_CLAIMS_PER_FRAME, MAX_FRAME_BYTES, MAX_HELLO_ROTATIONS } from '#limits.ts'
import { Features } from '#signed/device-statement.ts'
import { Jws } from '#signed/jws.ts'
import { PrekeyBundle } from '#signed/prekeys.ts'
import { encodeAppFrame } from '#wire/app-frame.ts'
import { encodeCbor } from '#wire/cbor.ts'
import { Bytes, Bytes16, Bytes32, ConversationBytes, Count, EnvelopeIdBytes, EpochBytes } from '#wire/fields.ts'

export const PROTOCOL = { min: 1, max: 1 } as const

/** What a session is for; each pair of devices keeps at most one per purpose. */
export const Purpose = z.enum(['messages', 'files'])
export type Purpose = z.infer<typeof Purpose>

export const FIRST_IGNORED_TYPE = 128

const Range = z.object({
  from: z.int().positive(),
  to: z.int().positive(),
  hash: Bytes32,
})

/** "Of this stream of yours I hold every position up to `upTo`, whose hash is `hash`, and the ranges beyond a gap." */
export const Claim = z.object({
  epoch: EpochBytes,
  upTo: Count,
  /** Absent when `upTo` is base − 1: nothing is held yet. */
  hash: Bytes32.optional(),
  ranges: z.array(Range).max(MAX_CLAIM_RANGES).optional(),
})
export type Claim = z.infer<typeof Claim>

const Claims = z.array(Claim).max(MAX_CLAIMS_PER_FRAME)

export const Hello = z.object({
  type: z.literal(1),
  protocol: z.object({ min: z.int(), max: z.int() }),
  features: Features,
  deviceCertificate: Jws,
  /** The newest rotations of the account key; a longer history is the directory's to tell. */
  rotations: z.array(Jws).max(MAX_HELLO_ROTATIONS),
  name: Name,
  purpose: Purpose,
  /** 16 random bytes, drawn when the process starts: tells a restart from a second line. */
  boot: Bytes16,
  /** The dialler of this link holds no other live session to the other device. */
  alone: z.boolean(),
  path: z.enum(['direct', 'relay']),
  networkToken: z.string().max(256).optional(),
  treeHead: z.unknown().optional(),
})
export type Hello = z.infer<typeof Hello>

export const RejectCode = z.enum([
  'undecryptable',
  'duplicate',
  'unknown-prekey',
  'malformed',
  'wrong-conversation',
  'blocked',
  'key-change',
  'unsupported',
])
export type RejectCode = z.infer<typeof RejectCode>

export const Frame = z.discriminatedUnion('type', [
  Hello,
  z.object({
    type: z.literal(2),
    id: EnvelopeIdBytes,
    sealing: z.enum(['signal', 'sender-key']),
    bytes: Bytes(MAX_FRAME_BYTES),
  }),
  z.object({
    type: z.literal(3),
    envelopes: z.array(EnvelopeIdBytes).max(256),
    streams: Claims,
  }),
  z.object({
    type: z.literal(4),
    envelope: EnvelopeIdBytes,
    code: RejectCode,
    streams: Claims,
    bundle: PrekeyBundle.optional(),
  }),
  z.object({
    type: z.literal(5),
    streams: Claims,
    latest: EnvelopeIdBytes.optional(),
    last: z.boolean(),
  }),
  z.object({ type: z.literal(6) }),
  z.object({ type: z.literal(7) }),
  z.object({
    type: z.literal(8),
    reason: z.string().max(64),
    retryAfterMs: z.int().nonnegative().optional(),
  }),
  z.object({ type: z.literal(9), bytes: Bytes(MAX_APP_BYTES) }),
  z.object({ type: z.literal(10) }),
  z.object({ type: z.literal(11), bundle: PrekeyBundle }),
  z.object({ type: z.literal(128), conversation: ConversationBytes }),
])
export type Frame = z.infer<typeof Frame>
export type FrameOf<T extends Frame['type']> = Extract<Frame, { type: T }>

export const TYPE = {
  hello: 1,
  envelope: 2,
  ack: 3,
  reject: 4,
  positions: 5,
  ping: 6,
  pong: 7,
  bye: 8,
  app: 9,
  prekeysRequest: 10,
  prekeys: 11,
  typing: 128,
} as const

/** Reasons that this version gives when it says `bye`; others may give more. */
export type ByeReason =
  | 'replaced'
  | 'stopping'
  | 'unsupported'
  | 'bad-frame'
  | 'bad-hello'
  | 'wrong-peer'
  | 'self'
  | 'busy'
  | 'timed-out'
  | 'disconnected'
  | 'protocol-violation'
  | 'profile-in-use'
  | 'declined'
  | 'wrong-network'
  | 'key-changed'
  | 'revoked'

/** A whole frame, length included, ready for the socket. */
export function encodeFrame(frame: Frame): Uint8Array {
  const app = frame.type === TYPE.app ? encodeAppFrame(frame.bytes, 4) : undefined
  if (app !== undefined) {
    app.writeUInt32BE(app.length - 4, 0)
    return app
  }
  const body = encodeCbor(toWire(frame))
  if (body.length > MAX_FRAME_BYTES)
    throw new RangeError(`a frame of ${body.length} bytes is over the limit of ${MAX_FRAME_BYTES}`)
  const bytes = Buffer.allocUnsafe(4 + body.length)
  bytes.writeUInt32BE(body.length, 0)
  bytes.set(body, 4)
  return bytes
}

/** Array.from, not map: cbor-x knows arrays by their constructor, and writes one of another realm with an indefinite length. */
function toWire(frame: Frame): object {
  switch (frame.type) {
    case TYPE.envelope:
      return {
        type: frame.type,
        id: idBytes(frame.id),
        sealing: frame.sealing,
        bytes: frame.bytes,
      }
    case TYPE.ack:
      return {
        type: frame.type,
        envelopes: Array.from(frame.envelopes, envelopeBytes),
        streams: Array.from(frame.streams, claimToWire),
      }
    case TYPE.reject:
      return {
        ...frame,
        envelope: idBytes(frame.envelope),
        streams: Array.from(frame.streams, claimToWire),
      }
    case TYPE.positions: {
      const { latest, ...rest } = frame
      return {
        ...rest,
        ...(latest === undefined ? {} : { latest: idBytes(latest) }),
        streams: Array.from(frame.streams, claimToWire),
      }
    }
    case TYPE.typing:
      return { ...frame, conversation: idBytes(frame.conversation) }
    default:
      return frame
  }
}

function claimToWire(claim: Claim): object {
  return { ...claim, epoch: epochBytes(claim.epoch) }
}

const epochBytes = (epoch: Epoch): Uint8Array => idBytes(epoch)
const envelopeBytes = (id: EnvelopeId): Uint8Array => idBytes(id)
