import { z } from 'zod'
import { DEFAULT_PAGE_MESSAGES, MAX_PAGE_MESSAGES, MAX_READER_NAME_CHARS, MAX_WAIT_MS } from '#limits.ts'
import { MessageView } from '#local-api/messages.ts'

/** A cursor that the daemon keeps for a reader, by name. */
export const ReaderName = z
  .string()
  .max(MAX_READER_NAME_CHARS)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'a cursor is called by letters, digits and . _ -')

/** Behind a message or an event; opaque. */
const Place = z.string().max(40)

/**
 * `GET /api/v1/received`: what others wrote, in the order of arrival, edits and deletions included. `cursor` names a reader, `after`
 * gives a place; with neither, only what comes from now on. With `waitMs` it waits so long for a first message.
 */
export const ReceivedQuery = z
  .strictObject({
    cursor: ReaderName.optional(),
    after: Place.optional(),
    from: z.string().min(1).max(256).optional(),
    limit: z.coerce.number().int().min(1).max(MAX_PAGE_MESSAGES).default(DEFAULT_PAGE_MESSAGES),
    waitMs: z.coerce.number().int().min(0).max(MAX_WAIT_MS).default(0),
  })
  .refine(({ cursor, after }) => cursor === undefined || after === undefined, 'give cursor or after, not both')
export type ReceivedQuery = z.infer<typeof ReceivedQuery>

/** `cursor`: the place behind this message. */
export const ReceivedMessage = MessageView.extend({ cursor: z.string() })
export type ReceivedMessage = z.infer<typeof ReceivedMessage>

/** `next` is the place behind all that was looked at: give it as `after`, or commit it, once the messages are safe. */
export const ReceivedPage = z.object({ messages: z.array(ReceivedMessage), next: z.string() })
export type ReceivedPage = z.infer<typeof ReceivedPage>

/** `PUT /api/v1/cursors/{name}`: moves a cursor, only forwards. `now` is behind all that arrived so far. */
export const MoveReader = z.strictObject({ place: Place })

export const ReaderInfo = z.object({ name: z.string(), place: z.string(), movedAt: z.int() })
export type ReaderInfo = z.infer<typeof ReaderInfo>

/** `GET /api/v1/cursors` */
export const ReaderList = z.object({ cursors: z.array(ReaderInfo) })
export type ReaderList = z.infer<typeof ReaderList>
