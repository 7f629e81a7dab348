/**
 * From `open`: `undecryptable`, `duplicate`, `unknown-prekey`, `untrusted-identity`, `malformed`.
 * From `seal`: `no-ratchet`, `bad-bundle`, `untrusted-identity`.
 * From `apply`: `conflict` (the lock of the device was not held), or `unknown-prekey` and `duplicate` when another device was first.
 * From a lock: `busy`. From a profile: `bad-identity`.
 */
export class RatchetError extends Error {
  override readonly name = 'RatchetError'
  readonly code:
    | 'undecryptable'
    | 'duplicate'
    | 'unknown-prekey'
    | 'untrusted-identity'
    | 'malformed'
    | 'no-ratchet'
    | 'bad-bundle'
    | 'conflict'
    | 'busy'
    | 'bad-identity'
  constructor(code: RatchetError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
