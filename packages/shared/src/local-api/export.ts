import { z } from 'zod'
import { MessageView } from '#local-api/messages.ts'
import { Note } from '#local-api/notes.ts'

/** `GET /api/v1/export`: NDJSON, one record on each line. */
export const ExportQuery = z.strictObject({
  /** Only the conversation with this person. */
  conversation: z.string().min(1).max(256).optional(),
  /** Only what this device stored since then, in Unix milliseconds. */
  since: z.coerce.number().int().min(0).optional(),
})

export const ExportRecord = z.discriminatedUnion('type', [
  /** The first record: whose messages these are, and when they were read. */
  z.object({
    type: z.literal('export'),
    version: z.literal(1),
    account: z.string(),
    name: z.string(),
    at: z.int(),
    since: z.int().optional(),
  }),
  /** As it reads now, with its state; where it stands in the stream of its author, and the id by which others know it. */
  MessageView.extend({
    type: z.literal('message'),
    device: z.string(),
    epoch: z.string(),
    seq: z.int(),
    messageId: z.string(),
    /** The newest messages of others that the author had seen and not named before, by that id. */
    parents: z.array(z.string()).optional(),
  }),
  /** What happened to the conversation with this account, in its place among the messages. */
  Note.extend({ type: z.literal('note'), account: z.string(), with: z.string() }),
  /** The last record: an export without it is not whole. */
  z.object({ type: z.literal('end'), messages: z.int() }),
])
export type ExportRecord = z.infer<typeof ExportRecord>
