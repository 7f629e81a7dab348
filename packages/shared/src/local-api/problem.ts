import { z } from 'zod'

/** What can go wrong at the local API; the CLI turns each into an exit code. */
export const LocalProblemCode = z.enum([
  'bad-request',
  'unauthorised',
  'sign-in-expired',
  'forbidden-host',
  'forbidden-origin',
  'not-found',
  'method-not-allowed',
  'unsupported-media-type',
  'not-set-up',
  'unknown-name',
  'unknown-message',
  'already-sent',
  'not-editable',
  'too-large',
  'outbox-full',
  'key-changed',
  'too-many-rotations',
  'no-key-change',
  'safety-number-differs',
  'blocked',
  'name-taken',
  'unreachable',
  'no-directory',
  'directory-unreachable',
  'idempotency-conflict',
  'timed-out',
  'too-slow',
  'too-many-clients',
  'search-busy',
  'search-failed',
  'web-app-unavailable',
  'stopping',
  'storage-failed',
  'internal',
])
export type LocalProblemCode = z.infer<typeof LocalProblemCode>

/** RFC 9457 */
export const LocalProblem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: LocalProblemCode,
  /** What happened, what is safe, what to do. */
  detail: z.string().optional(),
})
export type LocalProblem = z.infer<typeof LocalProblem>
