import { z } from 'zod'
import { MAX_PREKEY_BODY_BYTES } from '#limits.ts'
import { Jws } from '#signed/jws.ts'
import { PrekeyBundle } from '#signed/prekeys.ts'

/** `PUT …/devices/{device}/prekeys`: a signed upload, and the text of the PrekeyBatch whose digest it carries. */
export const PutPrekeys = z.strictObject({
  upload: Jws,
  prekeys: z.string().max(MAX_PREKEY_BODY_BYTES),
})

/** Its answer, and that of `GET …/devices/{device}/prekeys`: how many one-time prekeys are left. */
export const PrekeyCount = z.object({ oneTime: z.int().nonnegative() })
export type PrekeyCount = z.infer<typeof PrekeyCount>

/** `POST …/devices/{device}/prekeys/claim` */
export const ClaimPrekeys = z.strictObject({ claim: Jws })
export const ClaimedPrekeys = z.object({ bundle: PrekeyBundle })
export type ClaimedPrekeys = z.infer<typeof ClaimedPrekeys>
