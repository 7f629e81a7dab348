import type { Problem } from '@parley/shared/directory-api/problem.ts'

/** What a refusal tells besides its sentence, as members of the problem. */
export type RefusalFacts = Pick<Problem, 'current' | 'movedTo' | 'retirement'>

/** A rule says no. Expected: rules hand it back as a value, and only the methods that a route calls throw it. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError'
  readonly code:
    | 'bad-request'
    | 'bad-query'
    | 'malformed'
    | 'expired'
    | 'bad-signature'
    | 'bad-prekeys'
    | 'wrong-name'
    | 'unknown-name'
    | 'unknown-device'
    | 'no-prekeys'
    | 'not-a-user'
    | 'not-listed'
    | 'name-taken'
    | 'name-reserved'
    | 'stale-seq'
    | 'wrong-prev'
    | 'key-changed'
    | 'busy'
  readonly facts: RefusalFacts
  constructor(code: RefusedError['code'], message: string, facts: RefusalFacts = {}) {
    super(message)
    this.code = code
    this.facts = facts
  }
}

export function staleSeq(what: string, current: number): RefusedError {
  return new RefusedError('stale-seq', `${what} must be above ${current}`, { current })
}
