import type { DeviceKey } from '@parley/shared/ids.ts'
import type { Endpoint } from '@parley/shared/signed/device-statement.ts'
import { systemErrorCode } from '@parley/shared/system-error.ts'
import { SessionError } from '#session/session-error.ts'

/** One try to reach a device, as it is told to whoever asks why it is not connected. */
export interface Attempt {
  readonly what: 'look-up' | 'dial'
  /** Undefined for an address of which it is not known yet who answers there. */
  readonly device: DeviceKey | undefined
  readonly endpoint: Endpoint | undefined
  /** When it ended, in Unix milliseconds. */
  readonly at: number
  /** `ok`, or the name of the error. */
  readonly outcome: string
  readonly detail: string | undefined
  /** The reason that the other side gave. */
  readonly bye?: string | undefined
}

export interface Failure {
  readonly outcome: string
  readonly detail: string
  /** The other side asked not to be dialled sooner. */
  readonly retryAfterMs?: number
  /** The reason that the other side gave. */
  readonly bye?: string
}

/** The name of an error and its words, those of what lies behind it included. */
export function failureOf(error: unknown): Failure {
  const outcome = systemErrorCode(error) ?? 'failed'
  const detail = messagesOf(error).join(': ')
  const bye = error instanceof SessionError ? error.bye : undefined
  if (bye === undefined) return { outcome, detail }
  const { reason, retryAfterMs } = bye
  return { outcome, detail, bye: reason, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
}

function messagesOf(error: unknown): string[] {
  if (typeof error !== 'object' || error === null || !('message' in error)) return [String(error)]
  const message = String(error.message)
  const behind = 'cause' in error && error.cause !== undefined ? messagesOf(error.cause) : []
  return behind.some((words) => words.includes(message))
    ? behind
    : [message, ...behind.filter((words) => !message.includes(words))]
}
