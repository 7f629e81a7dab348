/** What an action could not do, in a sentence for the person; the menu comes again afterwards. */
export class ConsoleError extends Error {
  override readonly name = 'ConsoleError'
  readonly code: 'unreachable' | 'not-a-directory' | 'refused' | 'no-user' | 'bad-answer' | 'keys'
  constructor(code: ConsoleError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** The person is done: no answer will come any more. */
export class NoMoreAnswers extends Error {
  override readonly name = 'NoMoreAnswers'
}

/** Ctrl-C, or a signal from elsewhere. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
  readonly signal: NodeJS.Signals
  constructor(signal: NodeJS.Signals) {
    super(`stopped by ${signal}`)
    this.signal = signal
  }
}
