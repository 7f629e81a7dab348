import type { ByeReason } from '@parley/shared/wire/frames.ts'

/** What becomes of a device that wants a session. */
export type Admission = 'admitted' | 'blocked' | 'key-changed' | 'revoked' | 'unproven' | 'too-many-devices'

interface Bye {
  readonly bye: ByeReason
  readonly retryAfterMs?: number
}

const DEVICES_RETRY_MS = 60 * 60_000

/** What a device that is not let in is told: no more than it needs to behave well. */
export const BYE_FOR: Record<Exclude<Admission, 'admitted'>, Bye> = {
  blocked: { bye: 'declined' },
  unproven: { bye: 'wrong-peer' },
  'too-many-devices': { bye: 'busy', retryAfterMs: DEVICES_RETRY_MS },
  revoked: { bye: 'revoked' },
  'key-changed': { bye: 'key-changed' },
}
