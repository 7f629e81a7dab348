/** The other side broke the protocol of the socket. */
export class PresenceError extends Error {
  override readonly name = 'PresenceError'
  readonly code:
    | 'bad-frame'
    | 'frame-flood'
    | 'not-authenticated'
    | 'already-authenticated'
    | 'too-many-names'
    | 'too-often'
    | 'too-late'
    | 'unlisted'
  constructor(code: PresenceError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
