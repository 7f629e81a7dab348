// The one place that knows status codes of the local API (RFC 9457 problem details).
import type { LocalProblem, LocalProblemCode } from '@parley/shared/local-api/problem.ts'
import { FellBehindError } from '#conversation/feed.ts'
import { RequestError } from './daemon.ts'

const PROBLEMS: Readonly<Record<LocalProblemCode, readonly [status: number, title: string]>> = {
  'bad-request': [400, 'The request is not well formed'],
  unauthorised: [401, 'The token is missing or wrong'],
  'sign-in-expired': [403, 'The link was used or is too old'],
  'forbidden-host': [403, 'This API is reached by its own address only'],
  'forbidden-origin': [403, 'Pages of other sites may not use this API'],
  'not-found': [404, 'There is nothing at this address'],
  'method-not-allowed': [405, 'This address does not take this method'],
  'unsupported-media-type': [415, 'Bodies are application/json'],
  'not-set-up': [409, 'There is no profile yet'],
  'unknown-name': [404, 'Nobody is known by this name'],
  'unknown-message': [404, 'There is no such message here'],
  'already-sent': [409, 'The message has left already'],
  'not-editable': [409, 'This message cannot be changed'],
  'too-large': [413, 'This is too large'],
  'outbox-full': [429, 'Too many messages wait for this account'],
  'key-changed': [409, 'The key of this account changed'],
  'too-many-rotations': [409, 'The key was rotated too often'],
  'no-key-change': [404, 'The key of this account did not change'],
  'safety-number-differs': [409, 'The safety number is another one'],
  blocked: [403, 'This account is blocked'],
  'name-taken': [409, 'Somebody else is called so'],
  unreachable: [502, 'The peer cannot be reached'],
  'no-directory': [409, 'This peer uses no directory'],
  'directory-unreachable': [502, 'The directory cannot be reached'],
  'idempotency-conflict': [422, 'The same key came with another request'],
  'timed-out': [504, 'The time is up'],
  'too-slow': [503, 'The reader fell too far behind'],
  'too-many-clients': [503, 'Too many programs use this API'],
  'search-busy': [503, 'Too many searches wait'],
  'search-failed': [503, 'The search ended without an answer'],
  'web-app-unavailable': [503, 'The web app cannot be served'],
  stopping: [503, 'The daemon is stopping'],
  'storage-failed': [507, 'The disk failed'],
  internal: [500, 'The daemon failed'],
}

export function problem(code: LocalProblemCode, detail?: string): LocalProblem {
  const [status, title] = PROBLEMS[code]
  return { type: `urn:parley:problem:${code}`, title, status, code, ...(detail !== undefined && { detail }) }
}

/** What to tell of an error. Of one that nobody expected: nothing but that it happened. */
export function problemOf(error: unknown): LocalProblem {
  if (error instanceof RequestError) return problem(error.code, error.message)
  if (error instanceof FellBehindError) return problem('too-slow', error.message)
  // Express's router: the path is not valid percent-encoding.
  if (error instanceof URIError) return problem('bad-request', 'the address is not valid percent-encoded UTF-8')
  return bodyProblems.get(bodyErrorType(error))?.() ?? problem('internal')
}

/** What Express's body reader can complain of, by the `type` of its errors. */
const bodyProblems = new Map<unknown, () => LocalProblem>([
  ['entity.too.large', () => problem('too-large', 'a body is at most 256 KiB')],
  ['encoding.unsupported', () => problem('unsupported-media-type', 'send the body without content-encoding')],
  ['request.aborted', () => problem('bad-request', 'the body ended early')],
  ['request.size.invalid', () => problem('bad-request', 'the body is not as long as its content-length says')],
])

function bodyErrorType(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'type' in error ? error.type : undefined
}
