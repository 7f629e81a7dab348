// What calls of the local API take besides what they are about.
import type { PriorityName } from '@parley/shared/local-api/messages.ts'

export interface Cancellable {
  readonly signal?: AbortSignal | undefined
}

export interface Idempotent extends Cancellable {
  /** The same key with the same request sends once, however often it is asked. */
  readonly idempotencyKey?: string | undefined
}

export interface Sending extends Idempotent {
  readonly priority?: PriorityName | undefined
  /** Unix milliseconds: what has not left by then is not sent any more. */
  readonly deadline?: number | undefined
}

export interface SendingOne extends Sending {
  /** The id of the message in the same conversation that it answers. */
  readonly replyTo?: string | undefined
}

export interface Wait extends Cancellable {
  readonly timeoutMs: number
}

export interface Page extends Cancellable {
  readonly limit?: number | undefined
  /** By the id of a message, one of them: the `next` or the `newer` of a page, or the one in the middle. */
  readonly before?: string | undefined
  readonly after?: string | undefined
  readonly around?: string | undefined
}

export interface Reading extends Cancellable {
  /** A reader that the daemon knows by name, or the `next` of the page before; with neither only what comes from now on. */
  readonly cursor?: string | undefined
  readonly after?: string | undefined
  /** Only what this person wrote. */
  readonly from?: string | undefined
  readonly limit?: number | undefined
  /** How long to wait for a first message. */
  readonly waitMs?: number | undefined
}

export interface Exporting extends Cancellable {
  /** Only the conversation with this person. */
  readonly conversation?: string | undefined
  /** Only what was stored since then, in Unix milliseconds. */
  readonly since?: number | undefined
}

export interface Searching extends Cancellable {
  /** Only the conversation with this person, and only what this person wrote; one's own name for what oneself wrote. */
  readonly conversation?: string | undefined
  readonly sender?: string | undefined
  /** Unix milliseconds: written then or later, and before then. */
  readonly after?: number | undefined
  readonly before?: number | undefined
  readonly limit?: number | undefined
  /** The `next` of the page before. */
  readonly cursor?: string | undefined
}

export interface LogPage extends Cancellable {
  readonly limit?: number | undefined
  /** How long to wait for a first event. */
  readonly waitMs?: number | undefined
}
