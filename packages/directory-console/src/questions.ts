export interface Choice<T extends string> {
  readonly value: T
  readonly about?: string
}

export interface AskOptions {
  readonly usual?: string
  /** What is meant, for a person. */
  readonly hint?: string
}

/**
 * Whoever answers: a person at a terminal, or a file with a line for each answer. Everything rejects with NoMoreAnswers at the end
 * of the answers, and with Interrupted.
 */
export interface Questions {
  /** There is at least one choice. */
  choose<T extends string>(question: string, choices: readonly Choice<T>[]): Promise<T>
  /** One line, without spaces around it. An empty one is the usual answer, or empty when there is none. */
  ask(question: string, options?: AskOptions): Promise<string>
  /** No is the usual answer. */
  confirm(question: string): Promise<boolean>
  /** Resolves at the next sign of life, which answers nothing. Rejects with its reason when `signal` aborts. */
  wait(signal: AbortSignal): Promise<void>
  close(): void
}
