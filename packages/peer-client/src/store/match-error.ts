export class MatchError extends Error {
  override readonly name = 'MatchError'
  readonly code: 'died' | 'stopped'
  constructor(code: MatchError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
