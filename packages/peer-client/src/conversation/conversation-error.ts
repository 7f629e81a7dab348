/** An expected refusal, in words for the person who asked. */
export class ConversationError extends Error {
  override readonly name = 'ConversationError'
  readonly code:
    | 'unknown-name'
    | 'unknown-message'
    | 'already-sent'
    | 'not-editable'
    | 'deadline-past'
    | 'bad-place'
    | 'no-words'
    | 'search-busy'
    | 'too-many-readers'
    | 'key-changed'
    | 'blocked'
    | 'name-taken'
    | 'outbox-full'
    | 'idempotency-conflict'
    | 'directory-unreachable'
    | 'self'
    | 'no-directory'
    | 'unreachable'
    | 'too-many-rotations'
    | 'no-key-change'
    | 'bad-proof'
    | 'safety-number-differs'
  constructor(code: ConversationError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
