import { styleText } from 'node:util'
import { printable } from './printable.ts'

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan' | 'paper'

/** A stream to write to, as much of it as is needed. */
export interface Output {
  /** `done` is called once whoever is behind the stream has the text. */
  write(text: string, done?: (error?: Error | null) => void): boolean
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
}

export type Environment = Readonly<Record<string, string | undefined>>

interface TerminalOptions {
  readonly out: Output
  readonly errors: Output
  readonly environment: Environment
}

/** What a command writes to: answers to stdout, everything about them to stderr. */
export class Terminal {
  readonly #out: Output
  readonly #errors: Output
  readonly #hasColour: boolean
  /** Shapes beyond ASCII can be shown. */
  readonly isUtf8: boolean

  constructor({ out, errors, environment }: TerminalOptions) {
    this.#out = out
    this.#errors = errors
    this.isUtf8 = isUtf8Locale(environment)
    // https://no-color.org: present and not empty.
    this.#hasColour = out.isTTY === true && !environment['NO_COLOR'] && environment['TERM'] !== 'dumb'
  }

  /** Styles are shown, `paper` (black on white) too. */
  get hasColour(): boolean {
    return this.#hasColour
  }

  /** A person reads along. */
  get isInteractive(): boolean {
    return this.#out.isTTY === true
  }

  /** Undefined in a pipe, where lines are as long as they are. */
  get columns(): number | undefined {
    return this.#out.isTTY === true ? this.#out.columns : undefined
  }

  /** As it is: whatever came from others has to be printable already. */
  line(text = ''): void {
    this.#out.write(`${text}\n`)
  }

  json(value: unknown): void {
    this.#out.write(`${JSON.stringify(value)}\n`)
  }

  /** Resolves when all that was printed has left this process; rejects when nobody takes it. */
  flushed(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#out.write('', (error) => (error ? reject(error) : resolve()))
    return promise
  }

  /** For the person, not for what reads the output. */
  note(text: string): void {
    this.#errors.write(`${printable(text)}\n`)
  }

  noteJson(value: unknown): void {
    this.#errors.write(`${JSON.stringify(value)}\n`)
  }

  paint(text: string, style: Style | undefined): string {
    if (!this.#hasColour || style === undefined || text === '') return text
    return styleText(style === 'paper' ? ['black', 'bgWhiteBright'] : style, text, { validateStream: false })
  }
}

function isUtf8Locale(environment: Environment): boolean {
  if (process.platform === 'win32') return true
  const locale = environment['LC_ALL'] || environment['LC_CTYPE'] || environment['LANG'] || ''
  return /utf-?8/i.test(locale)
}
