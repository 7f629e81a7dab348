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
