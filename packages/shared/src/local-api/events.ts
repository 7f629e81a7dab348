import { z } from 'zod'
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

/** First frame of a client that could not send the header, as no browser can. */
export const Authenticate = z.strictObject({ type: z.literal('authenticate'), token: ApiToken })

const answerTo = { key: IdempotencyKey.optional(), ref: z.string().max(64).optional() }

/** What a client may say on `GET /ws` besides the bare text `/peers`. `ref` comes back with the answer. */
export const ChatLine = SendMessage.extend(answerTo)
export type ChatLine = z.infer<typeof ChatLine>

/** To every connected contact. */
export const ChatBroadcast = Broadcast.extend(answerTo)
export type ChatBroadcast = z.infer<typeof ChatBroadcast>

/** Every frame of the daemon. `ready` is the first: what happened before it is read from the history. */
export const DaemonFrame = z.discriminatedUnion('type', [
  ...DaemonEvent.options,
  z.object({ type: z.literal('ready') }),
  BroadcastResult.extend({ type: z.literal('accepted'), ref: z.string().optional() }),
  z.object({ type: z.literal('peers'), peers: z.array(PeerInfo) }),
  z.object({ type: z.literal('problem'), problem: LocalProblem, ref: z.string().optional() }),
])
export type DaemonFrame = z.infer<typeof DaemonFrame>
