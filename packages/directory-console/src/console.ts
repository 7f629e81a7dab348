// The console over what it is given: a terminal to write to, answers, an environment.
import { isIPv6 } from 'node:net'
import { homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import type { Readable } from 'node:stream'
import { ReadStream } from 'node:tty'
import { parseArgs } from 'node:util'
import { printFields, printText } from '@parley/shared/terminal/layout.ts'
import type { Environment, Terminal } from '@parley/shared/terminal/terminal.ts'
import { ConsoleError, Interrupted } from '#console-error.ts'
import { Directory } from '#directory.ts'
import { KeyFolder } from '#key-folder.ts'
import { MENU, runMenu } from '#menu.ts'
import { OnlineUsers } from '#online-users.ts'
import { PipedQuestions } from '#piped-questions.ts'
import { TerminalQuestions } from '#terminal-questions.ts'

export const EXIT = { done: 0, usage: 64, internal: 70, hungUp: 129, interrupted: 130, terminated: 143 } as const
const DEFAULT_HOST = '127.0.0.1'
const DEFAULT_PORT = 5000
const MENU_COLUMNS = 10

export interface Surroundings {
  readonly terminal: Terminal
  /** A keyboard when it is that of a terminal and `terminal` is one too, else a file with a line for each answer. */
  readonly answers: Readable
  readonly environment: Environment
  /** Ends it; the reason is Interrupted. */
  readonly stop: AbortSignal
}

interface Flags {
  readonly url: string
  readonly keys: string
}

/** Resolves with the exit code. Rejects with what nobody expected. */
export async function runConsole(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const { terminal, environment } = surroundings
  let flags: Flags | 'help'
  try {
    flags = readFlags(args, environment)
  } catch (error) {
    terminal.note(`console: ${error instanceof Error ? error.message : String(error)}. See pnpm console --help.`)
    return EXIT.usage
  }
  if (flags === 'help') {
    terminal.line(helpIn(environment))
    return EXIT.done
  }
  return await run(flags, surroundings)
}

export function exitCodeOf(signal: NodeJS.Signals): number {
  if (signal === 'SIGINT') return EXIT.interrupted
  return signal === 'SIGHUP' ? EXIT.hungUp : EXIT.terminated
}

function readFlags(args: readonly string[], environment: Environment): Flags | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      host: { type: 'string', default: DEFAULT_HOST },
      port: { type: 'string', default: String(DEFAULT_PORT) },
      keys: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  const { host, port, keys } = values
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) {
    throw new TypeError('--port is a number from 1 to 65535')
  }
  const url = `http://${isIPv6(host) ? `[${host}]` : host}:${port}`
  if (host === '' || !URL.canParse(url))
    throw new TypeError(`--host is an address or a host name, and "${host}" is none`)
  // pnpm runs scripts at the root, and a path is meant from where it was typed.
  return { url, keys: keys === undefined ? defaultKeys(environment) : resolve(environment['INIT_CWD'] ?? '', keys) }
}

/** https://specifications.freedesktop.org/basedir-spec: relative paths are to be ignored. */
function defaultKeys(environment: Environment): string {
  const base = environment['XDG_DATA_HOME']
  return join(base !== undefined && isAbsolute(base) ? base : join(homedir(), '.local', 'share'), 'parley-console')
}

function helpIn(environment: Environment): string {
  return `usage: pnpm console [options]

A menu to try a directory by hand: register users, look them up, be online, watch others.

  --host ADDRESS  where the directory is (${DEFAULT_HOST})
  --port NUMBER   which port (${DEFAULT_PORT})
  --keys DIR      where the keys of your users are kept (${defaultKeys(environment)})
  --help          show this

A directory that gives new names only with its registration token: set PARLEY_REGISTRATION_TOKEN.

The menu:
${MENU.map(([name, about]) => `  ${name.padEnd(MENU_COLUMNS)}${about}`).join('\n')}

Examples:
  pnpm console --port 5001 --keys /tmp/keys
Answers may also come from a pipe, one on each line; it ends with them:
  printf 'register\\nalice\\n\\n\\nfind\\nalice\\n' | pnpm --silent console`
}

async function run({ url, keys }: Flags, { terminal, answers, environment, stop }: Surroundings): Promise<number> {
  const questions =
    answers instanceof ReadStream && answers.isTTY && terminal.isInteractive
      ? new TerminalQuestions(answers, stop)
      : new PipedQuestions(answers, terminal, stop)
  const directory = new Directory(url, stop, environment['PARLEY_REGISTRATION_TOKEN'])
  const online = new OnlineUsers(url, stop)
  const desk = { terminal, questions, directory, keys: new KeyFolder(keys), online, now: Date.now }
  try {
    await greet(desk)
    await runMenu(desk)
    return EXIT.done
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error
    return exitCodeOf(error.signal)
  } finally {
    questions.close()
    await online.close()
  }
}

async function greet({ terminal, directory, keys }: { terminal: Terminal; directory: Directory; keys: KeyFolder }) {
  terminal.line(terminal.paint('Parley directory console', 'bold'))
  try {
    const { directoryKey, features } = await directory.info()
    const own = await keys.names(directoryKey)
    printFields(terminal, [
      ['directory', directory.url],
      ['its key', directoryKey],
      ['features', features.join(', ')],
      ['your users', own.length === 0 ? 'none yet' : own.join(', ')],
    ])
  } catch (error) {
    if (!(error instanceof ConsoleError)) throw error
    printText(terminal, error.message, 'red')
  }
  terminal.line()
}
