import { z } from 'zod'

/** `GET /api/v1/settings` */
export const Settings = z.object({
  /** Both ways: contacts learn how far I have read, and I see how far they have. */
  readReceipts: z.boolean(),
})
export type Settings = z.infer<typeof Settings>

/** `PATCH /api/v1/settings`: what is left out stays. */
export const ChangeSettings = z.strictObject({ readReceipts: z.boolean().optional() })
export type ChangeSettings = z.infer<typeof ChangeSettings>
