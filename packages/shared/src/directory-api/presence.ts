// GET /v1/presence, a WebSocket of JSON text frames:
//   server  challenge {nonce}      the first thing on every socket
//   client  authenticate {proof}   a PresenceProof over the nonce, within PRESENCE_AUTH_TIMEOUT_MS
//   server  ready                  the device is online from here until the socket closes
//   client  watch {names}          adds names to watch; answered with a presence frame that states each of them now
//   client  unwatch {names}
//   server  presence {changes}     and again whenever one of them changes
//   server  prekeys {oneTime}      how many one-time prekeys are left: after ready, and after each claim
import { z } from 'zod'
import { ProblemCode } from '#directory-api/problem.ts'
import { Status } from '#directory-api/users.ts'
import { Name } from '#ids.ts'
import { MAX_WATCH_NAMES_PER_FRAME } from '#limits.ts'
import { Jws } from '#signed/jws.ts'

export const PresenceChange = z.object({
  name: Name,
  status: Status.describe(
    'As everybody is shown it: a name that hides its presence is offline, as one that nobody holds.',
  ),
  lastSeen: z.int().optional().describe('Unix milliseconds; only while offline, once seen, and not hidden.'),
})
export type PresenceChange = z.infer<typeof PresenceChange>

export const ToDirectory = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('authenticate'), proof: Jws }),
  z.strictObject({
    type: z.literal('watch'),
    names: z.array(Name).max(MAX_WATCH_NAMES_PER_FRAME),
  }),
  z.strictObject({
    type: z.literal('unwatch'),
    names: z.array(Name).max(MAX_WATCH_NAMES_PER_FRAME),
  }),
])
export type ToDirectory = z.infer<typeof ToDirectory>

export const FromDirectory = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('challenge'),
    nonce: z.string().regex(/^[A-Za-z0-9_-]{22}$/),
  }),
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('presence'), changes: z.array(PresenceChange) }),
  z.object({ type: z.literal('prekeys'), oneTime: z.int().nonnegative() }),
  /** The last frame before the socket is closed for cause. */
  z.object({
    type: z.literal('problem'),
    code: ProblemCode,
    detail: z.string(),
  }),
])
export type FromDirectory = z.infer<typeof FromDirectory>

/** WebSocket close codes in the application range (RFC 6455 section 7.4.2). */
export const CLOSE = {
  badRequest: 4400,
  unauthenticated: 4401,
  replaced: 4409,
  tooSlow: 4429,
  stopping: 1001,
} as const
