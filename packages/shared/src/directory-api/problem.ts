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

/** RFC 9457, `application/problem+json`. */
export const Problem = z.object({
  type: z.string().describe('`urn:parley:problem:` and the code.'),
  title: z.string().describe('What the code means, for people.'),
  status: z.int().describe('The status of the answer.'),
  code: ProblemCode.describe('For programs. Stable: a code once given keeps its meaning.'),
  detail: z.string().optional().describe('What happened here and what to do next, for people.'),
  current: z.int().optional().describe('With `stale-seq`: the number in force, so that the next try can be above it.'),
  movedTo: Name.optional().describe(
    'With `unknown-name`: where the account went that gave the name up. True when the account there signed `retirement`.',
  ),
  retirement: Jws.optional().describe('With `unknown-name`: what the account signed that held the name last.'),
})
export type Problem = z.infer<typeof Problem>
