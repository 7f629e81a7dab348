import { z } from 'zod'

/** From the most important lines of the log to the least. */
export const LogLevel = z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace'])
export type LogLevel = z.infer<typeof LogLevel>

/** `GET /api/v1/settings` */
export const Settings = z.object({
  /** Both ways: contacts learn how far I have read, and I see how far they have. */
  readReceipts: z.boolean(),
  /** Both ways: contacts that are connected see that I am writing to them, and I see it of them. */
  typing: z.boolean(),
  /** The least important lines that the log gets; until the daemon ends. */
  logLevel: LogLevel,
})
export type Settings = z.infer<typeof Settings>

/** `PATCH /api/v1/settings`: what is left out stays. */
export const ChangeSettings = z.strictObject({
  readReceipts: z.boolean().optional(),
  typing: z.boolean().optional(),
  logLevel: LogLevel.optional(),
})
export type ChangeSettings = z.infer<typeof ChangeSettings>
