// Public prekeys of a device, in libsignal's serialised forms, base64url. Each Signal signature is by the device's Signal
// identity, which the device certificate names: a bundle proves itself, whoever hands it out.
import { z } from 'zod'
import { MAX_ONE_TIME_PREKEYS } from '#limits.ts'

const KeyNumber = z.int().min(1).max(0xff_ff_ff)
/** 33 bytes: type byte 5 and a Curve25519 point. */
const CurveKey = z.string().regex(/^B[A-Za-z0-9_-]{43}$/)
/** 1,569 bytes: type byte 8 and an ML-KEM (Kyber-1024) key. */
const KyberKey = z.string().regex(/^C[A-Za-z0-9_-]{2091}$/)
const Signature = z.string().regex(/^[A-Za-z0-9_-]{86}$/)

export const CurvePrekey = z.strictObject({
  id: KeyNumber,
  publicKey: CurveKey,
})
export const SignedPrekey = z.strictObject({
  id: KeyNumber,
  publicKey: CurveKey,
  signature: Signature,
})
export const KyberPrekey = z.strictObject({
  id: KeyNumber,
  publicKey: KyberKey,
  signature: Signature,
})
export const OneTimePrekey = z.strictObject({
  curve: CurvePrekey,
  kyber: KyberPrekey,
})
export type OneTimePrekey = z.infer<typeof OneTimePrekey>

/** What a device uploads; sent as text so that its digest is over what was carried. Replaces the signed and last-resort keys, adds the one-time ones. */
export const PrekeyBatch = z.strictObject({
  v: z.literal(1),
  registrationId: z.int().min(1).max(0x3f_ff),
  signed: SignedPrekey,
  lastResort: KyberPrekey,
  oneTime: z.array(OneTimePrekey).max(MAX_ONE_TIME_PREKEYS),
})
export type PrekeyBatch = z.infer<typeof PrekeyBatch>

/** What somebody needs to begin a ratchet with the device. Without `curve` the Kyber key is the last-resort one. */
export const PrekeyBundle = z.strictObject({
  v: z.literal(1),
  registrationId: z.int().min(1).max(0x3f_ff),
  signed: SignedPrekey,
  curve: CurvePrekey.optional(),
  kyber: KyberPrekey,
})
export type PrekeyBundle = z.infer<typeof PrekeyBundle>
