import type { Command, Option } from 'commander'
import { z } from 'zod'
import type { ProfileChoice } from '../actions.ts'
import { type AddCommand, type Cli, ClientFlags, clientOf, defineCommand, profileOptions } from '../command.ts'
import { type CommandWords, completionScript, type FlagWords, SHELLS, type WordKind } from '../completion-script.ts'
import { CliError, EXIT } from '../exit.ts'

export const completionCommand: AddCommand = (program, cli, ended) =>
  defineCommand({
    syntax: 'completion <shell>',
    group: 'Other:',
    summary: 'a script that lets your shell complete commands and names',
    details:
      'SHELL is bash, zsh or fish. The names of your contacts come from your peer while it runs. For a shell that has no script here: ' +
      'parley completion contacts, and profiles, print what there is, one on each line.',
    examples: [
      ['source <(parley completion bash)', 'in this shell; in ~/.bashrc for every one'],
      ['source <(parley completion zsh)', 'the same in ~/.zshrc, after compinit'],
      ['parley completion fish | source', 'the same in ~/.config/fish/config.fish'],
    ],
    options: profileOptions(),
    args: z.tuple([z.string()]),
    flags: ClientFlags.omit({ json: true }),
    run: async (_cli, [shell], choice) => {
      if (shell === 'contacts' || shell === 'profiles') {
        const names = shell === 'contacts' ? await contactNames(cli, choice) : await profileNames(cli)
        for (const name of names) cli.terminal.line(name)
        return EXIT.done
      }
      const script = completionScript(shell, program.commands.map(wordsOf))
      if (script === undefined) {
        throw new CliError(EXIT.usage, 'unknown-shell', `there is no script for "${shell}": bash, zsh or fish`)
      }
      cli.terminal.line(script)
      return EXIT.done
    },
  })(program, cli, ended)

/** Only what means the same to every shell wherever it is typed: a peer may call itself anything. */
const TYPEABLE = /^[a-z0-9][a-z0-9._-]*$/

/** Nobody while the peer does not run: whoever completes a word does not want to read about that. */
async function contactNames(cli: Cli, choice: ProfileChoice): Promise<string[]> {
  const conversations = await clientOf(cli, choice).then(
    (client) => client.conversations(),
    () => [],
  )
  return conversations.map(({ name }) => name).filter((name) => TYPEABLE.test(name))
}

async function profileNames({ actions }: Cli): Promise<string[]> {
  return (await actions.knownProfiles()).map(({ name }) => name)
}

function wordsOf(command: Command): CommandWords {
  const [first] = command.registeredArguments
  return {
    name: command.name(),
    summary: command.summary(),
    flags: command.options.filter(({ hidden }) => !hidden).flatMap(flagOf),
    first: first === undefined ? { kind: 'none' } : kindOf(first.name(), first.argChoices),
  }
}

function flagOf({ long, description, required, argChoices, flags }: Option): FlagWords[] {
  if (!long) return []
  if (!required) return [{ long, description }]
  const placeholder = FLAGS.get(long) ?? /<([a-z-]+)/.exec(flags)?.[1] ?? ''
  return [{ long, description, value: kindOf(placeholder, argChoices) }]
}

/** Where a placeholder says too little. */
const FLAGS = new Map([
  ['--name', 'own name'],
  ['--display-name', 'text'],
  ['--cursor', 'text'],
])

const PLACEHOLDERS: ReadonlyMap<string, WordKind> = new Map<string, WordKind>([
  ...(['name', 'who', 'target'] as const).map((word) => [word, { kind: 'contact' }] as const),
  ...(['file', 'directory', 'profile'] as const).map((word) => [word, { kind: 'file' }] as const),
  ['own name', { kind: 'profile' }],
  ['shell', { kind: 'choice', choices: SHELLS }],
])

function kindOf(placeholder: string, choices: readonly string[] | undefined): WordKind {
  if (choices !== undefined) return { kind: 'choice', choices }
  return PLACEHOLDERS.get(placeholder) ?? { kind: 'other' }
}
