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

/** `POST /api/v1/contacts/{who}/verify`: the digits that the user compared, spaces allowed, or what was scanned at the other side. */
export const VerifyContact = z.strictObject({ proof: z.string().min(1).max(MAX_SAFETY_PROOF_CHARS) })
