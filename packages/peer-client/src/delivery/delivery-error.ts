export class DeliveryError extends Error {
  override readonly name = 'DeliveryError'
  readonly code:
    | 'too-large'
    | 'outbox-full'
    | 'unknown-message'
    | 'stopped'
    | 'no-bundle'
    | 'protocol-violation'
    | 'unauthorised-device'
  constructor(code: DeliveryError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Inside a transaction only: what this commit was prepared from has changed meanwhile; prepare it again. */
export class StalePlanError extends Error {
  override readonly name = 'StalePlanError'
}

/** Its stable name, and what it says. */
export function describeError(error: unknown): { code: string; message: string } {
  if (!(error instanceof Error)) return { code: 'failed', message: String(error) }
  return { code: 'code' in error ? String(error.code) : 'failed', message: error.message }
}
