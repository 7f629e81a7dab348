import { z } from 'zod'
import { Name } from '#ids.ts'
import { Jws } from '#signed/jws.ts'

/** What can go wrong at a directory. The code is stable and documented; the sentence is for people. */
export const ProblemCode = z.enum([
  'bad-request',
  'bad-json',
  'bad-query',
  'bad-name',
  'body-too-large',
  'unsupported-media-type',
  'ip-lookup-off',
  'not-found',
  'method-not-allowed',
  'unknown-name',
  'unknown-device',
  'no-prekeys',
  'malformed',
  'wrong-kind',
  'wrong-audience',
  'wrong-name',
  'bad-signature',
  'bad-rotation',
  'bad-certificate',
  'expired',
  'bad-prekeys',
  'not-a-user',
  'name-taken',
  'name-reserved',
  'stale-seq',
  'wrong-prev',
  'key-changed',
  'busy',
  'rate-limited',
  'registration-token',
  'not-listed',
  'read-only',
  'unavailable',
  'internal',
])
export type ProblemCode = z.infer<typeof ProblemCode>

/** RFC 9457, `application/problem+json`. `type` is `urn:parley:problem:` and the code. */
export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: ProblemCode,
  /** What happened here and what to do next. */
  detail: z.string().optional(),
  /** With `stale-seq`: the number in force, so that the next try can be above it. */
  current: z.int().optional(),
  /** With `unknown-name`: where the account went that gave the name up. True when the record there is by who signed `retirement`. */
  movedTo: Name.optional(),
  /** With `unknown-name`: what the account signed that held the name last. */
  retirement: Jws.optional(),
})
export type Problem = z.infer<typeof Problem>
