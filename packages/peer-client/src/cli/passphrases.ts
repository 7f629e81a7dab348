import { readFile } from 'node:fs/promises'
import { MIN_PASSPHRASE_CHARS } from '@parley/shared/limits.ts'
import { systemErrorCode } from '@parley/shared/system-error.ts'
import { Option } from 'commander'
import type { PassphraseSource } from './actions.ts'
import type { Cli } from './command.ts'
import { CliError, EXIT } from './exit.ts'

interface Places {
  /** Of `--passphrase-file` or its like. */
  readonly file: string | undefined
  readonly flag: string
  /** The name of the variable. */
  readonly variable: 'PARLEY_PASSPHRASE' | 'PARLEY_NEW_PASSPHRASE'
}

/** From a file, else from the environment, else typed. Never from the command line, which every user of the machine can read. */
export class Passphrases implements PassphraseSource {
  readonly #cli: Cli
  readonly #places: Places
  #known: Promise<string> | undefined

  constructor(cli: Cli, places: Places) {
    this.#cli = cli
    this.#places = places
  }

  get isGiven(): boolean {
    return this.#places.file !== undefined || this.#fromEnvironment !== undefined
  }

  current(what: string): Promise<string> {
    this.#known ??= this.isGiven ? this.#given() : this.#ask(`Passphrase of ${what}`)
    return this.#known
  }

  async fresh(what: string): Promise<string> {
    if (this.isGiven) return this.current(what)
    const typed = await this.#ask(`New passphrase for ${what}, at least ${MIN_PASSPHRASE_CHARS} characters`)
    if (typed === (await this.#ask('The same again'))) return typed
    throw new CliError(EXIT.usage, 'bad-value', 'the two were not the same; nothing was changed')
  }

  get #fromEnvironment(): string | undefined {
    const value = this.#cli.secrets?.[this.#places.variable]
    return value === '' ? undefined : value
  }

  async #given(): Promise<string> {
    const { file } = this.#places
    if (file === undefined) return this.#fromEnvironment ?? ''
    try {
      // Editors and `echo` end a file with a line break.
      return (await readFile(file, 'utf8')).replace(/\r?\n$/, '')
    } catch (error) {
      const sentence = `the passphrase cannot be read from ${file} (${systemErrorCode(error) ?? String(error)})`
      throw new CliError(EXIT.io, 'unreadable', sentence, { cause: error })
    }
  }

  async #ask(question: string): Promise<string> {
    const { askHidden } = this.#cli
    if (askHidden !== undefined) return askHidden(question)
    const { flag, variable } = this.#places
    throw new CliError(
      EXIT.keyChanged,
      'passphrase-needed',
      `a passphrase is needed, and there is no terminal to type it on: give it with ${flag} FILE or in ${variable}`,
    )
  }
}

/** Of the commands that open a profile themselves. */
export function passphraseFileOption(): Option {
  return new Option('--passphrase-file <file>', 'a file with the passphrase; or set PARLEY_PASSPHRASE')
}

/** Of the commands that make one. */
export function newPassphraseOption(): Option {
  return new Option('--passphrase', 'encrypt what is on the disk; asks for a passphrase').default(false)
}

export function currentPassphrases(cli: Cli, file: string | undefined): Passphrases {
  return new Passphrases(cli, { file, flag: '--passphrase-file', variable: 'PARLEY_PASSPHRASE' })
}
