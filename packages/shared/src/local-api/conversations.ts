import { z } from 'zod'
import { MAX_UNREAD_COUNTED } from '#limits.ts'
import { MessageView } from '#local-api/messages.ts'
import { Verification } from '#local-api/trust.ts'

/** One conversation, as a list of them shows it. */
export const ConversationInfo = z.object({
  /** The other account's id, and what it is called here. */
  account: z.string(),
  name: z.string(),
  /** A directory vouches for the name; false when only the peer itself says so. */
  isNameVerified: z.boolean(),
  /** The newest message that is shown; none before the first. */
  last: MessageView.optional(),
  /** Texts of the other side behind the read marker; beyond MAX_UNREAD_COUNTED nobody counts on. */
  unread: z.int().max(MAX_UNREAD_COUNTED),
  /** Messages of mine that the other side does not have yet. */
  waiting: z.int(),
  isConnected: z.boolean(),
  presence: z.enum(['online', 'offline', 'unknown']),
  isKeyChanged: z.boolean(),
  verification: Verification,
})
export type ConversationInfo = z.infer<typeof ConversationInfo>

/** `GET /api/v1/conversations`: the one with the newest message first, those without any last. */
export const ConversationList = z.object({ conversations: z.array(ConversationInfo) })
export type ConversationList = z.infer<typeof ConversationList>

/** Somebody writes to me, as far as is known until then. */
export const TypingNews = z.object({
  account: z.string(),
  name: z.string(),
  /** Unix milliseconds. */
  until: z.int(),
})
export type TypingNews = z.infer<typeof TypingNews>

/** `POST /api/v1/conversations/{who}/typing`: false when nobody was told, which is nothing to worry about. */
export const ToldTyping = z.object({ isTold: z.boolean() })
export type ToldTyping = z.infer<typeof ToldTyping>

/** How much of a conversation is unread now, because somebody read on. */
export const UnreadCount = z.object({ account: z.string(), unread: z.int() })
export type UnreadCount = z.infer<typeof UnreadCount>
