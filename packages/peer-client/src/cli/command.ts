import type { ApiClient } from '@parley/api-client'
import type { Terminal } from '@parley/shared/terminal/terminal.ts'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { z } from 'zod'
import type { CliActions, ProfileChoice } from './actions.ts'
import { connectToDaemon } from './daemon-connection.ts'
import { unmarkIds } from './dashed-ids.ts'
import type { ExitCode } from './exit.ts'

/** What every command works with. */
export interface Cli {
  readonly actions: CliActions
  readonly terminal: Terminal
  /** The standard input. */
  readonly input: AsyncIterable<Uint8Array> & { readonly isTTY?: boolean | undefined }
  /** What is typed after the question, unseen; undefined without a terminal. */
  readonly askHidden?: ((question: string) => Promise<string>) | undefined
  /** Variables of the environment that hold one. */
  readonly secrets?: Readonly<Partial<Record<'PARLEY_PASSPHRASE' | 'PARLEY_NEW_PASSPHRASE', string | undefined>>>
  readonly now: () => number
}

interface CommandSpec<A extends z.ZodType, F extends z.ZodType> {
  /** Name and arguments, as commander writes them. */
  readonly syntax: string
  readonly summary: string
  readonly group: string
  readonly details?: string
  readonly examples: readonly (readonly [line: string, meaning: string])[]
  readonly options: readonly Option[]
  readonly args: A
  readonly flags: F
  readonly run: (cli: Cli, args: z.infer<A>, flags: z.infer<F>) => Promise<ExitCode>
}

/** A command made known to the program; the exit code goes to `ended`. */
export type AddCommand = (program: Command, cli: Cli, ended: (exitCode: ExitCode) => void) => void

export function defineCommand<A extends z.ZodType, F extends z.ZodType>(spec: CommandSpec<A, F>): AddCommand {
  return (program, cli, ended) => {
    const command = program.command(spec.syntax).summary(spec.summary).helpGroup(spec.group)
    command.description(spec.details === undefined ? spec.summary : `${spec.summary}\n\n${spec.details}`)
    for (const option of spec.options) command.addOption(option)
    command.addHelpText('after', examplesText(spec.examples))
    command.action(async () => {
      const args = spec.args.parse(unmarkIds(command.processedArgs))
      const options = Object.entries(command.opts()).map(([name, value]) => [name, unmarkIds(value)])
      ended(await spec.run(cli, args, spec.flags.parse(Object.fromEntries(options))))
    })
  }
}

export function examplesText(examples: CommandSpec<z.ZodType, z.ZodType>['examples']): string {
  const width = Math.max(...examples.map(([line]) => line.length))
  return ['', 'Examples:', ...examples.map(([line, meaning]) => `  ${line.padEnd(width)}  ${meaning}`)].join('\n')
}

export function profileOptions(): Option[] {
  return [
    new Option('--name <name>', 'whose profile, when there are several'),
    // Not through commander: a name that is typed goes before the environment.
    new Option('--profile <directory>', 'the profile itself, wherever it is (env: PARLEY_PROFILE)'),
  ]
}

export function jsonOption(what = 'print JSON'): Option {
  return new Option('--json', what).default(false)
}

export function limitOption(what: string, most: number, usual: number): Option {
  return new Option('--limit <number>', what).default(usual).argParser(wholeNumber(1, most))
}

/** Flags of every command that asks the daemon. */
export const ClientFlags = z.object({
  name: z.string().optional(),
  profile: z.string().optional(),
  json: z.boolean(),
})

/** The daemon of the profile that was chosen. Throws CliError. */
export async function clientOf(cli: Cli, choice: ProfileChoice): Promise<ApiClient> {
  const { client } = await connectToDaemon(await cli.actions.locateProfile(choice), choice)
  return client
}

export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text)
    if (/^\d{1,9}$/.test(text) && number >= least && number <= most) return number
    throw new InvalidArgumentError(`It is a whole number from ${least} to ${most}.`)
  }
}

/** A name or an id as the person typed it; never empty. */
export const NameArgument = z.string().min(1)
