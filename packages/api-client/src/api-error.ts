import type { LocalProblemCode } from '@parley/shared/local-api/problem.ts'

/** A request that the daemon refused, could not be asked, or answered in a way that nobody understands. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: LocalProblemCode | 'no-connection' | 'bad-answer'
  /** When the daemon says so: ask again after this. */
  readonly retryAfterMs: number | undefined
  constructor(
    code: ApiError['code'],
    message: string,
    { retryAfterMs, ...options }: ErrorOptions & { retryAfterMs?: number | undefined } = {},
  ) {
    super(message, options)
    this.code = code
    this.retryAfterMs = retryAfterMs
  }
}
