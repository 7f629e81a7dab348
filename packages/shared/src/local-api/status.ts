import { z } from 'zod'

export const DirectoryState = z.discriminatedUnion('state', [
  z.object({ state: z.literal('none') }),
  z.object({ state: z.literal('connecting'), url: z.string() }),
  z.object({ state: z.literal('online'), url: z.string(), since: z.int() }),
  z.object({ state: z.literal('waiting'), url: z.string(), until: z.int(), lastError: z.string() }),
])
export type DirectoryState = z.infer<typeof DirectoryState>

/** `GET /api/v1/status` */
export const DaemonStatus = z.object({
  version: z.string(),
  name: z.string(),
  account: z.string(),
  device: z.string(),
  profile: z.string(),
  pid: z.int(),
  startedAt: z.int(),
  /** Where other peers reach this one. */
  listening: z.array(z.string()),
  directory: DirectoryState,
  connected: z.int(),
  /** Messages that are not delivered yet, over all conversations. */
  waiting: z.int(),
  /** Texts of others that nobody has read here, over all conversations. */
  unread: z.int(),
  /** How many contacts there are, of how many the safety number was compared, and whose key changed. */
  contacts: z.object({ known: z.int(), verified: z.int(), keyChanged: z.array(z.string()) }),
  /** Conversations in which something is missing, or somebody contradicted himself. */
  troubles: z.array(z.object({ name: z.string(), missing: z.int(), forks: z.int() })),
  /** When another device said last that two processes use this profile, because it was copied. */
  copiedAt: z.int().optional(),
})
export type DaemonStatus = z.infer<typeof DaemonStatus>
