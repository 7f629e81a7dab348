/** Why the directory cannot be where it was told to be. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
  readonly code: 'insecure-address' | 'bad-tls' | 'unsafe-tls-key' | 'address-in-use' | 'cannot-listen'
  constructor(code: ListenError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
