import { z } from 'zod'
import { DEFAULT_PAGE_MESSAGES, MAX_PAGE_MESSAGES, MAX_WAIT_MS } from '#limits.ts'
import { Contact } from '#local-api/contacts.ts'
import { TypingNews, UnreadCount } from '#local-api/conversations.ts'
import { ApiToken } from '#local-api/daemon-file.ts'
import { Broadcast, BroadcastResult, IdempotencyKey, MessageView, SendMessage } from '#local-api/messages.ts'
import { Note } from '#local-api/notes.ts'
import { PeerInfo } from '#local-api/peers.ts'
import { LocalProblem } from '#local-api/problem.ts'

/** What the daemon tells its clients as it happens. `GET /api/v1/events` and `GET /ws` (WebSocket, JSON text frames). */
export const DaemonEvent = z.discriminatedUnion('type', [
  /** A new message, mine or received. */
  z.object({ type: z.literal('message'), message: MessageView }),
  /** A message of mine changed its state. */
  z.object({ type: z.literal('state'), message: MessageView }),
  z.object({ type: z.literal('peer'), peer: PeerInfo }),
  /** Somebody read on, on this page or on another. */
  UnreadCount.extend({ type: z.literal('read') }),
  /** Somebody is writing. Not repeated to whoever was away meanwhile. */
  TypingNews.extend({ type: z.literal('typing') }),
  /** A message is shown no more on this device. */
  z.object({ type: z.literal('hidden'), id: z.string(), account: z.string() }),
  /** A contact is new, called something else, blocked, or not any more. */
  z.object({ type: z.literal('contact'), contact: Contact }),
  /** Something happened to a conversation; its history shows it from now on. */
  Note.extend({ type: z.literal('notice'), account: z.string() }),
])
export type DaemonEvent = z.infer<typeof DaemonEvent>

/**
 * `GET /api/v1/events`, without a WebSocket: what happened behind the place `after`, of messages and notes; messages as they are now. That a
 * message was sealed (`sent`), peers, contacts and who is writing are only told live. With `waitMs` it waits so long for a first event.
 */
export const EventsQuery = z.strictObject({
  after: z.string().max(40),
  limit: z.coerce.number().int().min(1).max(MAX_PAGE_MESSAGES).default(DEFAULT_PAGE_MESSAGES),
  waitMs: z.coerce.number().int().min(0).max(MAX_WAIT_MS).default(0),
})
export type EventsQuery = z.infer<typeof EventsQuery>

/** About as many as `limit`. `next` is the place behind them: keep it once they are dealt with. */
export const EventsPage = z.object({ events: z.array(DaemonEvent), next: z.string() })
export type EventsPage = z.infer<typeof EventsPage>

/** First frame of a client that could not send the header, as no browser can. */
export const Authenticate = z.strictObject({ type: z.literal('authenticate'), token: ApiToken })

const answerTo = { key: IdempotencyKey.optional(), ref: z.string().max(64).optional() }

/** What a client may say on `GET /ws` besides the bare text `/peers`. `ref` comes back with the answer. */
export const ChatLine = SendMessage.extend(answerTo)
export type ChatLine = z.infer<typeof ChatLine>

/** To every connected contact. */
export const ChatBroadcast = Broadcast.extend(answerTo)
export type ChatBroadcast = z.infer<typeof ChatBroadcast>

/**
 * Every frame of the daemon. `ready` is the first: `cursor` is the place in the log behind all that happened before. What happened between
 * the `ready` of a line that was lost and that of the next is read from the one to the other.
 */
export const DaemonFrame = z.discriminatedUnion('type', [
  ...DaemonEvent.options,
  z.object({ type: z.literal('ready'), cursor: z.string() }),
  BroadcastResult.extend({ type: z.literal('accepted'), ref: z.string().optional() }),
  z.object({ type: z.literal('peers'), peers: z.array(PeerInfo) }),
  z.object({ type: z.literal('problem'), problem: LocalProblem, ref: z.string().optional() }),
])
export type DaemonFrame = z.infer<typeof DaemonFrame>
