/** Why a session did not come about, or what ended it. */
export class SessionError extends Error {
  override readonly name = 'SessionError'
  readonly code:
    | 'link-failed'
    | 'bad-tls'
    | 'wrong-peer'
    | 'self'
    | 'bad-hello'
    | 'unsupported'
    | 'declined'
    | 'refused'
    | 'bad-frame'
    | 'protocol-violation'
    | 'too-slow'
    | 'timed-out'
    | 'aborted'
    | 'ended'
    | 'stopped'
  /** What the other side said when it `refused`. */
  readonly bye: { readonly reason: string; readonly retryAfterMs?: number | undefined } | undefined
  constructor(
    code: SessionError['code'],
    message: string,
    { bye, ...options }: ErrorOptions & { bye?: SessionError['bye'] } = {},
  ) {
    super(message, options)
    this.code = code
    this.bye = bye
  }
}

/** As it is, or as the cause of a SessionError with this code. */
export function asSessionError(code: SessionError['code'], error: unknown): SessionError {
  if (error instanceof SessionError) return error
  const message = typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : 'unknown'
  return new SessionError(code, message, { cause: error })
}
