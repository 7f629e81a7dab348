/** What the data directory or the database refuses. `failed` ends the process: after it nothing may be acknowledged. */
export class StoreError extends Error {
  override readonly name = 'StoreError'
  readonly code:
    | 'data-dir-in-use'
    | 'unsafe-data-dir'
    | 'wrong-directory-key'
    | 'no-database'
    | 'file-exists'
    | 'newer-database'
    | 'unsafe-settings'
    | 'busy'
    | 'search-busy'
    | 'full'
    | 'failed'
    | 'stopped'
  constructor(code: StoreError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
