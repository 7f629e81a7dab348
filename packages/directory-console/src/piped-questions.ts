import { createInterface, type Interface } from 'node:readline'
import type { Readable } from 'node:stream'
import { printable } from '@parley/shared/terminal/printable.ts'
import type { Terminal } from '@parley/shared/terminal/terminal.ts'
import { ConsoleError, NoMoreAnswers } from '#console-error.ts'
import type { AskOptions, Choice, Questions } from '#questions.ts'

const YES = /^y(es)?$/i

/** A line of input for each question. The output reads like the talk that it would have been. */
export class PipedQuestions implements Questions {
  readonly #terminal: Terminal
  readonly #stop: AbortSignal
  readonly #lines: AsyncIterator<string>
  readonly #input: Interface

  constructor(input: Readable, terminal: Terminal, stop: AbortSignal) {
    this.#terminal = terminal
    this.#stop = stop
    this.#input = createInterface({ input })
    this.#lines = this.#input[Symbol.asyncIterator]()
  }

  /** A choice by what it is called, the only one that begins so, or its number from 1. Empty lines answer nothing. */
  async choose<T extends string>(question: string, choices: readonly Choice<T>[]): Promise<T> {
    let line = ''
    while (line === '') line = await this.#next(this.#stop)
    this.#show(question, line)
    const answer = line.toLowerCase()
    const begun = choices.filter(({ value }) => value.startsWith(answer))
    const chosen =
      choices.find(({ value }) => value === answer) ??
      (/^\d+$/.test(answer) ? choices[Number(answer) - 1] : undefined) ??
      (begun.length === 1 ? begun[0] : undefined)
    if (chosen !== undefined) return chosen.value
    const list = choices.map(({ value }, at) => `${at + 1} ${value}`).join(', ')
    throw new ConsoleError('bad-answer', `"${line}" is none of the choices: ${list}`)
  }

  async ask(question: string, { usual = '' }: AskOptions = {}): Promise<string> {
    const answer = (await this.#next(this.#stop)) || usual
    this.#show(question, answer)
    return answer
  }

  async confirm(question: string): Promise<boolean> {
    return YES.test(await this.ask(`${question} (y/N)`))
  }

  async wait(signal: AbortSignal): Promise<void> {
    await this.#next(AbortSignal.any([this.#stop, signal]))
  }

  close(): void {
    this.#input.close()
  }

  #show(question: string, answer: string): void {
    this.#terminal.line(`${this.#terminal.paint('?', 'green')} ${question} ${printable(answer)}`.trimEnd())
  }

  async #next(signal: AbortSignal): Promise<string> {
    signal.throwIfAborted()
    const aborted = Promise.withResolvers<never>()
    const onAbort = () => aborted.reject(signal.reason as Error)
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      const line = await Promise.race([this.#lines.next(), aborted.promise])
      if (line.done === true) throw new NoMoreAnswers()
      return line.value.trim()
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }
}
