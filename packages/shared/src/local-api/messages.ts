import { z } from 'zod'
import { Emoji } from '#emoji.ts'
import {
  DEFAULT_PAGE_MESSAGES,
  MAX_BATCH_MESSAGES,
  MAX_IDEMPOTENCY_KEY_CHARS,
  MAX_MOMENT_MS,
  MAX_PAGE_MESSAGES,
  MAX_QUOTED_CHARS,
  MAX_TEXT_BYTES,
  MAX_WAIT_MS,
} from '#limits.ts'
import { Note } from '#local-api/notes.ts'
import { PeerState } from '#local-api/peers.ts'
import { LocalProblemCode } from '#local-api/problem.ts'
import { Verification } from '#local-api/trust.ts'

/** `queued`: fsynced here. `sent`: sealed and written; promises nothing. `delivered`: the other side holds it. */
export const MessageState = z.enum(['queued', 'sent', 'delivered', 'read', 'cancelled', 'expired', 'refused'])
export type MessageState = z.infer<typeof MessageState>

export const Hold = z.enum(['blocked-key-change', 'awaiting-acceptance', 'no-device-known'])
export type Hold = z.infer<typeof Hold>

/** Which goes first when several conversations wait for the same device. */
export const PriorityName = z.enum(['urgent', 'normal', 'bulk'])
export type PriorityName = z.infer<typeof PriorityName>

/** What became of a message after it was sent, by another one. */
const Change = z.object({
  /** The id of the message that says so. */
  by: z.string(),
  /** Unix milliseconds, by the author's clock. */
  at: z.int(),
  /** Of that message, when I sent it. */
  state: MessageState.optional(),
})

/** The beginning of a message that another one answers. */
export const Quoted = z.object({
  id: z.string(),
  direction: z.enum(['out', 'in']),
  /** As it reads now. Empty when it was deleted or given up, and when its kind has none. */
  text: z.string().max(MAX_QUOTED_CHARS),
})
export type Quoted = z.infer<typeof Quoted>

/** An emoji under a message, and whose it is. */
export const Reaction = z.object({
  emoji: Emoji,
  by: z.array(
    z.object({
      account: z.string(),
      direction: z.enum(['out', 'in']),
      /** Unix milliseconds, by its author's clock. */
      at: z.int(),
    }),
  ),
})
export type Reaction = z.infer<typeof Reaction>

export const MessageView = z.object({
  id: z.string(),
  /** The other account's id, and what it is called here. */
  account: z.string(),
  with: z.string(),
  direction: z.enum(['out', 'in']),
  /** `text`; `edit`, `delete` and `reaction`, which are about another one; `void` when I gave it up; others are not known here. */
  kind: z.string(),
  /** As it reads now; of a reaction its emoji. Empty when it was deleted, and when the kind has none. */
  text: z.string(),
  /** Unix milliseconds, by the author's clock. */
  sentAt: z.int(),
  /** Unix milliseconds, when this device stored it. */
  storedAt: z.int(),
  /** Place in the conversation: larger is later; ties are broken the same way everywhere. */
  lamport: z.int(),
  /** When it is not `normal`. */
  priority: PriorityName.optional(),
  /** Unix milliseconds, by the author's clock: not sealed by then, it is not sent any more. */
  deadline: z.int().optional(),
  /** Of an edit, a deletion or a reaction: the id of the message that it is about. */
  about: z.string().optional(),
  /** It answers another message of the conversation; `message` is there once that one has arrived. */
  replyTo: z.object({ message: Quoted.optional() }).optional(),
  edited: Change.optional(),
  deleted: Change.optional(),
  /** What people think of it, each at most one thing; the emoji that was first comes first. */
  reactions: z.array(Reaction).optional(),
  /** Only of messages I sent. */
  state: MessageState.optional(),
  stateAt: z.int().optional(),
  hold: Hold.optional(),
  reason: z.string().optional(),
})
export type MessageView = z.infer<typeof MessageView>

/** The text of a message: what is measured is its UTF-8. */
const Text = z
  .string()
  .min(1, 'a message holds at least one character')
  .check(({ value, issues }) => {
    // A lone surrogate has no UTF-8: the other side would see another text than the one that was typed.
    if (!value.isWellFormed()) issues.push({ code: 'custom', message: 'the text holds half a character', input: value })
    if (new TextEncoder().encode(value).length <= MAX_TEXT_BYTES) return
    const message = `a message holds at most ${MAX_TEXT_BYTES / 1024} KiB of text`
    issues.push({ code: 'custom', message, params: { problem: 'too-large' }, input: value })
  })

/** `POST /api/v1/messages`, with an optional `Idempotency-Key` header. Answered 201 once the message is durable. */
export const SendMessage = z.strictObject({
  /** A name, `name@directory` or an account id. */
  to: z.string().min(1).max(256),
  text: Text,
  priority: PriorityName.optional(),
  /** Unix milliseconds by the clock of this machine. */
  deadline: z.int().positive().max(MAX_MOMENT_MS).optional(),
  /** The id of the message in this conversation that it answers. */
  replyTo: z.string().max(64).optional(),
})
export type SendMessage = z.infer<typeof SendMessage>

/**
 * `POST /api/v1/messages/batch`: one message for each text, in this order, in one request. Answered 201 when at least one is durable;
 * with an `Idempotency-Key` the same request again sends none twice.
 */
export const SendBatch = SendMessage.omit({ text: true, replyTo: true }).extend({
  texts: z.array(Text).min(1).max(MAX_BATCH_MESSAGES),
})
export type SendBatch = z.infer<typeof SendBatch>
/** The messages of the first texts; when there are fewer than texts, the outbox is full for now. */
export const SentBatch = z.object({ messages: z.array(MessageView) })
export type SentBatch = z.infer<typeof SentBatch>

/** `POST /api/v1/messages/wait`: as they are when all have reached the state or ended, or the time is up. */
export const WaitForAll = z.strictObject({
  ids: z.array(z.string().max(64)).min(1).max(MAX_BATCH_MESSAGES),
  wait: z.enum(['sent', 'delivered']),
  timeoutMs: z.int().min(0).max(MAX_WAIT_MS),
})
export type WaitForAll = z.infer<typeof WaitForAll>

/** `POST /api/v1/messages/{id}/edit` */
export const EditMessage = z.strictObject({ text: Text })

/** `POST /api/v1/messages/{id}/react`: mine, in the place of the one before; null takes it back. */
export const ReactToMessage = z.strictObject({ emoji: Emoji.nullable() })

/** Visible ASCII, as a header field carries it. */
export const IdempotencyKey = z
  .string()
  .max(MAX_IDEMPOTENCY_KEY_CHARS)
  .regex(/^[!-~]+$/)

/** `GET /api/v1/messages/{id}`; with `wait` it answers when the state is reached, the message has ended, or the time is up. */
export const MessageQuery = z.strictObject({
  wait: z.enum(['sent', 'delivered']).optional(),
  timeoutMs: z.coerce.number().int().min(0).max(MAX_WAIT_MS).default(60_000),
})

/** What cannot be shown as it should be. Only there when there is something of it. */
export const ConversationTroubles = z.object({
  /** So many of theirs have not come, although later ones have. */
  missing: z.int(),
  /** So many have come and wait for those: they are not shown yet. */
  waiting: z.int(),
  /** How often a device said something else than what it had said, or what its own chain denies. */
  forkCount: z.int(),
  /** The first of these. */
  forks: z.array(
    z.object({
      device: z.string(),
      /** Unix milliseconds, when it was noticed. */
      at: z.int(),
      /** The message that is shown in that place, which came first. */
      about: z.string().optional(),
      /** What the other version says; empty when that is no text. */
      text: z.string(),
    }),
  ),
})
export type ConversationTroubles = z.infer<typeof ConversationTroubles>

/**
 * `GET /api/v1/conversations/{who}/messages`: newest first. By the id of a message: those `before` it, those `after` it, or the ones
 * `around` it, with itself in the middle; without any of them the newest.
 */
export const HistoryQuery = z
  .strictObject({
    limit: z.coerce.number().int().min(1).max(MAX_PAGE_MESSAGES).default(DEFAULT_PAGE_MESSAGES),
    before: z.string().max(64).optional(),
    after: z.string().max(64).optional(),
    around: z.string().max(64).optional(),
  })
  .refine(
    ({ before, after, around }) => [before, after, around].filter((one) => one !== undefined).length <= 1,
    'give one of before, after and around',
  )
export const HistoryPage = z.object({
  /** Whose conversation it is, and what is known of the key. */
  contact: z.object({ account: z.string(), name: z.string(), isKeyChanged: z.boolean(), verification: Verification }),
  messages: z.array(MessageView),
  /** There are older ones: give it as `before`. */
  next: z.string().optional(),
  /** There are newer ones: give it as `after`. */
  newer: z.string().optional(),
  /** Those that stand among these messages and behind them, oldest first, at most MAX_PAGE_NOTES. Only there when there is one. */
  notes: z.array(Note).optional(),
  /** On the page of the newest. */
  troubles: ConversationTroubles.optional(),
})
export type HistoryPage = z.infer<typeof HistoryPage>

/** `POST /api/v1/conversations/{who}/read`: all of it was seen, or all up to the message `upTo`. */
export const MarkRead = z.strictObject({ upTo: z.string().max(64).optional() })
/** `isNew`: something was seen that was not before. */
export const MarkedRead = z.object({ isNew: z.boolean() })
export type MarkedRead = z.infer<typeof MarkedRead>

/** `GET /api/v1/messages/{id}/why`: where a message is, what was tried, and what happens next. */
export const Why = z.object({
  message: MessageView,
  /** For people: where it is, and what happens next and when. */
  summary: z.string(),
  next: z.string(),
  /** Of the other side, as far as they are known here. */
  devices: z.array(z.object({ device: z.string(), link: PeerState })).default([]),
  /** Newest first. */
  attempts: z.array(
    z.object({
      at: z.int(),
      what: z.enum(['look-up', 'dial', 'seal', 'write', 'answer']),
      path: z.string().optional(),
      outcome: z.string(),
      detail: z.string().optional(),
    }),
  ),
})
export type Why = z.infer<typeof Why>

/** `POST /send`: to every connected contact. */
export const Broadcast = z.strictObject({ msg: Text })
export const BroadcastResult = z.object({
  messages: z.array(MessageView),
  /** Who did not get one, and why; the others did. */
  failed: z.array(z.object({ account: z.string(), name: z.string(), code: LocalProblemCode, detail: z.string() })),
})
export type BroadcastResult = z.infer<typeof BroadcastResult>
