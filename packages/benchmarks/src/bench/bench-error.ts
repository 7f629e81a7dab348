export class BenchError extends Error {
  override readonly name = 'BenchError'
  readonly code: 'usage' | 'child-failed' | 'missing-figure' | 'not-verified'
  constructor(code: BenchError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
