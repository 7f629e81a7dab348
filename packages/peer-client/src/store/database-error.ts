export class DatabaseError extends Error {
  override readonly name = 'DatabaseError'
  readonly code: 'newer-schema' | 'not-durable' | 'wrong-key' | 'not-encrypted' | 'in-use' | 'closed'
  constructor(code: DatabaseError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
