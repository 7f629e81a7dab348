import type { ProblemCode } from '@parley/shared/directory-api/problem.ts'

/** A request that HTTP itself, before any rule, cannot accept. */
export class HttpError extends Error {
  override readonly name = 'HttpError'
  readonly code: Extract<
    ProblemCode,
    | 'bad-request'
    | 'bad-json'
    | 'bad-query'
    | 'bad-name'
    | 'body-too-large'
    | 'unsupported-media-type'
    | 'ip-lookup-off'
    | 'not-found'
    | 'method-not-allowed'
    | 'rate-limited'
    | 'registration-token'
    | 'read-only'
    | 'unavailable'
  >
  /** Header fields that belong to the answer. */
  readonly headers: Readonly<Record<string, string>>
  constructor(
    code: HttpError['code'],
    message: string,
    { headers = {}, ...options }: ErrorOptions & { headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(message, options)
    this.code = code
    this.headers = headers
  }
}
