import { z } from 'zod'
import { MAX_SAFETY_PROOF_CHARS } from '#limits.ts'

/**
 * What the user knows of a contact's key: nothing beyond that it was the same since it was first met; that it is the one whose
 * safety number was compared; or that the compared key has signed over to another one since.
 */
export const Verification = z.enum(['none', 'verified', 'rotated-since'])
export type Verification = z.infer<typeof Verification>

/** `GET /api/v1/contacts/{who}/safety-number` */
export const SafetyNumber = z.object({
  account: z.string(),
  name: z.string(),
  /** 60 digits, the same on both sides as long as nobody stands in between. */
  number: z.string().regex(/^\d{60}$/),
  /** The same for a camera: the text of a QR code. The other side compares it with its own. */
  scannable: z.string().max(MAX_SAFETY_PROOF_CHARS),
  verification: Verification,
  /** Unix milliseconds. */
  verifiedAt: z.int().optional(),
})
export type SafetyNumber = z.infer<typeof SafetyNumber>

/** `GET /api/v1/contacts/{who}/key-change`: what the user has to decide about. */
export const KeyChange = z.object({
  account: z.string(),
  name: z.string(),
  /** The name is another account's now; or the account shows keys that nothing known signed for. */
  kind: z.enum(['other-account', 'other-chain']),
  known: z.object({ key: z.string(), number: z.string() }),
  offered: z.object({ account: z.string(), key: z.string(), number: z.string() }),
  /** Messages that are held. */
  waiting: z.int(),
})
export type KeyChange = z.infer<typeof KeyChange>

/** `POST …/accept-key` and `…/refuse-key`: the offered key that the user looked at. */
export const KeyDecision = z.strictObject({ key: z.string().min(1).max(64) })

/** What became of it. */
export const AcceptedKey = z.object({
  /** Whom the name means from now on. */
  account: z.string(),
  name: z.string(),
  /** Messages that were held and go out. */
  sent: z.int(),
  /** Where the earlier conversation is, when it was with another account. */
  formerAccount: z.string().optional(),
})
export type AcceptedKey = z.infer<typeof AcceptedKey>

/** `POST /api/v1/contacts/{who}/verify`: the digits that the user compared, spaces allowed, or what was scanned at the other side. */
export const VerifyContact = z.strictObject({ proof: z.string().min(1).max(MAX_SAFETY_PROOF_CHARS) })
