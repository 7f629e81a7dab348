// The one place that knows status codes of refusals (RFC 9457 problem details).
import type { Problem, ProblemCode } from '@parley/shared/directory-api/problem.ts'
import { SignedObjectError } from '@parley/shared/signed/jws.ts'
import { type RefusalFacts, RefusedError } from '#records/refused-error.ts'
import { StoreError } from '#store/store-error.ts'
import { HttpError } from './http-error.ts'

export const PROBLEM_TYPE = 'application/problem+json'

const PROBLEMS: Readonly<Record<ProblemCode, readonly [status: number, title: string]>> = {
  'bad-request': [400, 'The request is not well formed'],
  'bad-json': [400, 'The body is not the JSON that this call takes'],
  'bad-query': [400, 'The query is not one that this call takes'],
  'bad-name': [400, 'This cannot be a name'],
  'body-too-large': [413, 'The body is too large'],
  'unsupported-media-type': [415, 'Bodies are application/json'],
  'ip-lookup-off': [403, 'This directory does not look up addresses'],
  'not-found': [404, 'There is nothing at this address'],
  'method-not-allowed': [405, 'This address does not take this method'],
  'unknown-name': [404, 'Nobody holds this name'],
  'unknown-device': [404, 'The record of this name does not list this device'],
  'no-prekeys': [404, 'This device has no prekeys here'],
  malformed: [400, 'The signed object is malformed'],
  'wrong-kind': [400, 'This is a signed object of another kind'],
  'wrong-audience': [400, 'This was signed for another directory'],
  'wrong-name': [400, 'This was signed for another name'],
  'bad-signature': [401, 'The signature is not by the expected key'],
  'bad-rotation': [400, 'The rotations do not prove the account key'],
  'bad-certificate': [400, 'A device certificate does not belong here'],
  expired: [400, 'The record has expired'],
  'bad-prekeys': [400, 'These prekeys cannot be taken'],
  'not-a-user': [401, 'Only devices of registered accounts may do this'],
  'name-taken': [409, 'The name belongs to another account'],
  'name-reserved': [409, 'The name is reserved'],
  'stale-seq': [409, 'A later one was accepted before'],
  'wrong-prev': [409, 'The record does not continue the one in force'],
  'key-changed': [409, 'The account key changed without the consent of the one before'],
  busy: [503, 'The directory has too much to do at this moment'],
  'rate-limited': [429, 'Too many requests'],
  'registration-token': [401, 'New names need the token of this directory'],
  'not-listed': [403, 'This directory takes only those on its list'],
  'read-only': [503, 'The directory takes no changes now'],
  unavailable: [503, 'The directory cannot do this now'],
  internal: [500, 'The directory failed'],
}

export function problem(code: ProblemCode, detail?: string, facts: RefusalFacts = {}): Problem {
  const [status, title] = PROBLEMS[code]
  return {
    type: `urn:parley:problem:${code}`,
    title,
    status,
    code,
    ...(detail !== undefined && { detail }),
    ...facts,
  }
}

/** What to tell of an error. Of one that nobody expected: nothing but that it happened. */
export function problemOf(error: unknown): Problem {
  if (error instanceof RefusedError) return problem(error.code, error.message, error.facts)
  if (error instanceof SignedObjectError || error instanceof HttpError) return problem(error.code, error.message)
  // The database refuses work only while it is overloaded, full, broken or closed.
  if (error instanceof StoreError) return problem(isBusy(error) ? 'busy' : 'unavailable', error.message)
  // Express's router: the path is not valid percent-encoding.
  if (error instanceof URIError) return problem('bad-request', 'the address is not valid percent-encoded UTF-8')
  return problem('internal')
}

function isBusy({ code }: StoreError): boolean {
  return code === 'busy' || code === 'search-busy'
}
