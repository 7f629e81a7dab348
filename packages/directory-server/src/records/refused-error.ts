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
    | 'name-taken'
    | 'name-reserved'
    | 'stale-seq'
    | 'wrong-prev'
    | 'key-changed'
    | 'busy'
  /** With `stale-seq`: the number in force. */
  readonly current: number | undefined
  constructor(code: RefusedError['code'], message: string, current?: number) {
    super(message)
    this.code = code
    this.current = current
  }
}

export function staleSeq(what: string, current: number): RefusedError {
  return new RefusedError('stale-seq', `${what} must be above ${current}`, current)
}
