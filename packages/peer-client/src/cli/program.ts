import { printable } from '@parley/shared/terminal/printable.ts'
import { Command, CommanderError } from 'commander'
import { type Cli, examplesText } from './command.ts'
import { acceptKeyCommand } from './commands/accept-key.ts'
import { backupCommand } from './commands/backup.ts'
import { blockCommand, unblockCommand } from './commands/block.ts'
import { cancelCommand } from './commands/cancel.ts'
import { chatCommand } from './commands/chat.ts'
import { completionCommand } from './commands/completion.ts'
import { connectCommand } from './commands/connect.ts'
import { contactsCommand } from './commands/contacts.ts'
import { deleteCommand } from './commands/delete.ts'
import { disconnectCommand } from './commands/disconnect.ts'
import { editCommand } from './commands/edit.ts'
import { exportCommand } from './commands/export.ts'
import { findCommand } from './commands/find.ts'
import { historyCommand } from './commands/history.ts'
import { initCommand } from './commands/init.ts'
import { nicknameCommand } from './commands/nickname.ts'
import { openCommand } from './commands/open.ts'
import { overviewCommand } from './commands/overview.ts'
import { passphraseCommand } from './commands/passphrase.ts'
import { peersCommand } from './commands/peers.ts'
import { profileCommand } from './commands/profile.ts'
import { reactCommand } from './commands/react.ts'
import { readCommand } from './commands/read.ts'
import { recvCommand } from './commands/recv.ts'
import { restoreCommand } from './commands/restore.ts'
import { rotateKeyCommand } from './commands/rotate-key.ts'
import { searchCommand } from './commands/search.ts'
import { sendCommand } from './commands/send.ts'
import { settingsCommand } from './commands/settings.ts'
import { startCommand } from './commands/start.ts'
import { statusCommand } from './commands/status.ts'
import { stopCommand } from './commands/stop.ts'
import { verifyCommand } from './commands/verify.ts'
import { verifyLedgerCommand } from './commands/verify-ledger.ts'
import { whyCommand } from './commands/why.ts'
import { markIds } from './dashed-ids.ts'
import { CliError, EXIT, type ExitCode } from './exit.ts'
import { failureOf } from './failure.ts'

/** In the order of the help. */
const COMMANDS = [
  overviewCommand,
  initCommand,
  startCommand,
  openCommand,
  statusCommand,
  stopCommand,
  profileCommand,
  rotateKeyCommand,
  passphraseCommand,
  settingsCommand,
  backupCommand,
  restoreCommand,
  chatCommand,
  sendCommand,
  recvCommand,
  historyCommand,
  searchCommand,
  readCommand,
  whyCommand,
  exportCommand,
  cancelCommand,
  editCommand,
  reactCommand,
  deleteCommand,
  findCommand,
  contactsCommand,
  peersCommand,
  connectCommand,
  disconnectCommand,
  verifyCommand,
  acceptKeyCommand,
  nicknameCommand,
  blockCommand,
  unblockCommand,
  verifyLedgerCommand,
  completionCommand,
]

const HELP_COLUMNS = 100

const EXAMPLES = [
  ['parley', 'what is going on, and what to do next'],
  ['parley start --name alice --directory URL', 'make a profile and run its peer'],
  ['parley send bob hello', 'write to bob, whether he is online or not'],
  ['parley chat', 'read and write, on the whole terminal'],
  ['parley help send', 'how one command is used'],
] as const

interface ProgramOptions extends Cli {
  readonly version: string
}

/** Runs one command line, prints what there is to print, and resolves with the exit code. */
export async function runCli(args: readonly string[], { version, ...cli }: ProgramOptions): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.done
  const program = new Command('parley')
    .description('A messenger without a message server: your peer talks to the peers of others directly.')
    .version(version)
    .commandsGroup('Other:')
    .helpCommand('help [command]', 'how a command is used')
    .showSuggestionAfterError()
    .addHelpText('after', examplesText(EXAMPLES))
    .exitOverride()
    .configureOutput({
      writeOut: (text) => cli.terminal.line(text.replace(/\n$/, '')),
      writeErr: (text) => {
        for (const line of text.replace(/\n$/, '').split('\n')) cli.terminal.note(line)
      },
      // It is told below, as every mistake is.
      outputError: () => undefined,
      getOutHelpWidth: () => cli.terminal.columns ?? HELP_COLUMNS,
      getErrHelpWidth: () => HELP_COLUMNS,
    })
  for (const add of COMMANDS) {
    add(program, cli, (code) => {
      exitCode = code
    })
  }
  try {
    const isOption = (arg: string) =>
      program.commands.some(({ options }) => options.some((option) => option.long === arg))
    await program.parseAsync(markIds(withCommand(args), isOption), { from: 'user' })
    return exitCode
  } catch (error) {
    // commander has printed what it was asked for: help, and the version.
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.done
    const told = error instanceof CommanderError ? usageError(error, program, args) : error
    return explain(cli, told, args.includes('--json'))
  }
}

/** Without a command it is the overview, of the profile that is named. */
function withCommand(args: readonly string[]): readonly string[] {
  const [first] = args
  const isAboutProgram = first !== undefined && (!first.startsWith('-') || ABOUT_PROGRAM.has(first))
  return isAboutProgram ? args : ['overview', ...args]
}

const ABOUT_PROGRAM = new Set(['-h', '--help', '-V', '--version', '--'])

function usageError(error: CommanderError, { commands }: Command, [first]: readonly string[]): CliError {
  const isCommand = commands.some((command) => command.name() === first)
  const what = error.message
    .replace(/^error: /, '')
    .replace(/\n\((.*)\)$/, '. $1')
    .replace(/\.$/, '')
  const help = isCommand ? `parley help ${first} tells how it is used` : 'parley help lists the commands'
  return new CliError(EXIT.usage, 'usage', `${what}${what.endsWith('?') ? ' ' : '; '}${help}`, { cause: error })
}

function explain({ terminal }: Cli, error: unknown, isJson: boolean): ExitCode {
  const { code, message, exitCode } = failureOf(error)
  if (isJson) terminal.noteJson({ event: 'failed', code, message, exitCode })
  else terminal.note(`parley: ${printable(message)} (${code})`)
  return exitCode
}
