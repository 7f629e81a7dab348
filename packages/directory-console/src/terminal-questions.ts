import { once } from 'node:events'
import { emitKeypressEvents } from 'node:readline'
import type { ReadStream } from 'node:tty'
import { styleText } from 'node:util'
import { confirm, input, select } from '@inquirer/prompts'
import { Interrupted, NoMoreAnswers } from '#console-error.ts'
import type { AskOptions, Choice, Questions } from '#questions.ts'

const ROWS = 14

interface Key {
  readonly name?: string
  readonly ctrl?: boolean
}

/** inquirer's own line does not tell that letters jump. */
function keysHelpTip(keys: readonly (readonly [key: string, action: string])[]): string {
  const shown = [...keys, ['letters', 'jump'] as const]
  return shown
    .map(([key, action]) => `${styleText('bold', key)} ${styleText('dim', action)}`)
    .join(styleText('dim', ' • '))
}

/** Menus and lines on a terminal. */
export class TerminalQuestions implements Questions {
  readonly #stdin: ReadStream
  readonly #stop: AbortSignal

  constructor(stdin: ReadStream, stop: AbortSignal) {
    this.#stdin = stdin
    this.#stop = stop
    emitKeypressEvents(stdin)
  }

  choose<T extends string>(message: string, choices: readonly Choice<T>[]): Promise<T> {
    const width = Math.max(...choices.map(({ value }) => value.length))
    return this.#prompt((signal) =>
      select<T>(
        {
          message,
          pageSize: ROWS,
          loop: false,
          theme: { style: { keysHelpTip } },
          choices: choices.map(({ value, about }) => ({
            value,
            name: about === undefined ? value : `${value.padEnd(width)}  ${about}`,
            short: value,
          })),
        },
        { signal },
      ),
    )
  }

  async ask(question: string, { usual, hint }: AskOptions = {}): Promise<string> {
    const message = hint === undefined ? question : `${question} ${styleText('dim', `(${hint})`)}`
    const config = { message, ...(usual !== undefined && { default: usual }) }
    return (await this.#prompt((signal) => input(config, { signal }))).trim()
  }

  confirm(message: string): Promise<boolean> {
    return this.#prompt((signal) => confirm({ message, default: false }, { signal }))
  }

  async wait(signal: AbortSignal): Promise<void> {
    const either = AbortSignal.any([this.#stop, signal])
    this.#stdin.setRawMode(true)
    this.#stdin.resume()
    try {
      const [, key] = (await once(this.#stdin, 'keypress', { signal: either })) as [string, Key | undefined]
      // In raw mode the terminal does not turn it into a signal.
      if (key?.ctrl === true && key.name === 'c') throw new Interrupted('SIGINT')
    } catch (error) {
      if (either.aborted) throw either.reason as Error
      throw error
    } finally {
      this.#stdin.setRawMode(false)
      this.#stdin.pause()
    }
  }

  close(): void {
    this.#stdin.pause()
  }

  /** Ctrl-D ends the line editor of a prompt without a word to whoever waits for the answer. */
  async #prompt<T>(show: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.#stop.throwIfAborted()
    const ended = new AbortController()
    const onKey = (_: string, key: Key | undefined) => {
      if (key?.ctrl === true && key.name === 'd') ended.abort()
    }
    this.#stdin.on('keypress', onKey)
    try {
      return await show(AbortSignal.any([this.#stop, ended.signal]))
    } catch (error) {
      this.#stop.throwIfAborted()
      if (ended.signal.aborted) throw new NoMoreAnswers()
      if (error instanceof Error && error.name === 'ExitPromptError') throw new Interrupted('SIGINT')
      throw error
    } finally {
      this.#stdin.off('keypress', onKey)
    }
  }
}
