import { z } from 'zod'

/** `GET /api/v1/settings` */
export const Settings = z.object({
  /** Both ways: contacts learn how far I have read, and I see how far they have. */
  readReceipts: z.boolean(),
  /** Both ways: contacts that are connected see that I am writing to them, and I see it of them. */
  typing: z.boolean(),
})
export type Settings = z.infer<typeof Settings>

/** `PATCH /api/v1/settings`: what is left out stays. */
export const ChangeSettings = z.strictObject({
  readReceipts: z.boolean().optional(),
  typing: z.boolean().optional(),
})
export type ChangeSettings = z.infer<typeof ChangeSettings>
