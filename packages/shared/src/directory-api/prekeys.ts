import { z } from 'zod'
import { MAX_PREKEY_BODY_BYTES } from '#limits.ts'
import { Jws } from '#signed/jws.ts'
import { PrekeyBundle } from '#signed/prekeys.ts'

/** `PUT …/devices/{device}/prekeys` */
export const PutPrekeys = z.strictObject({
  upload: Jws.describe('A PrekeyUpload, signed by the device key.'),
  prekeys: z
    .string()
    .max(MAX_PREKEY_BODY_BYTES)
    .describe('The PrekeyBatch as JSON text: the text whose digest `upload` carries.'),
})

/** Its answer, and that of `GET …/devices/{device}/prekeys`. */
export const PrekeyCount = z.object({
  oneTime: z.int().nonnegative().describe('How many one-time prekeys of the device are held.'),
})
export type PrekeyCount = z.infer<typeof PrekeyCount>

/** `POST …/devices/{device}/prekeys/claim` */
export const ClaimPrekeys = z.strictObject({
  claim: Jws.describe('A PrekeyClaim, signed by the key of the claiming device, whose account is registered here.'),
})
export const ClaimedPrekeys = z.object({
  bundle: PrekeyBundle.describe('Each one-time prekey is handed out once; without `curve` it is the last-resort one.'),
})
export type ClaimedPrekeys = z.infer<typeof ClaimedPrekeys>
