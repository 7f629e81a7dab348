/** What was set up to close the directory cannot be used. */
export class AdmissionError extends Error {
  override readonly name = 'AdmissionError'
  readonly code: 'bad-registration-token' | 'unsafe-token-file' | 'bad-allow-list'
  constructor(code: AdmissionError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
