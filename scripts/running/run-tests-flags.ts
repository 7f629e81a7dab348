// What `pnpm run-tests` can be asked for.
import { globSync } from 'node:fs'
import { basename, join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT } from './process-group.ts'

const DEFAULT_HOST = '127.0.0.1'
export const DEFAULT_PORT = 5000
export const SUITE = join(ROOT, 'packages/directory-server/black-box')

const files = globSync('*.test.ts', { cwd: SUITE }).toSorted()

export const HELP = `usage: pnpm run-tests [options]

Tests a directory from outside, by its URL alone. By default it must run already (pnpm start:directory). Every name that the
tests register begins with t- and is given back at the end; only its reservation stays.

  --host ADDRESS   where the directory is (${DEFAULT_HOST})
  --port NUMBER    which port (${DEFAULT_PORT})
  --start-server   start one for the tests, with a data directory of its own, and stop it; without --port it takes a free port
  --test FILE      only this file of the suite, by name or path
  --verbose        name every test; with --start-server, show the log of the directory too
  --help           show this

Files of the suite:
${fileList()}

Examples:
  pnpm run-tests --start-server                   needs nothing that runs
  pnpm run-tests --port 5001 --test search        one file, against a directory that runs

Exit codes: 0 all passed, 1 a test failed, 64 usage, 69 no directory there that can be tested, 130 interrupted.
A directory that limits even local callers (--rate-limit on) refuses the tests after a while; one that gives new names only with its
registration token needs it in PARLEY_REGISTRATION_TOKEN.`

export interface Flags {
  readonly host: string
  /** Undefined when it was not given. */
  readonly port: number | undefined
  readonly isServerStarted: boolean
  readonly isVerbose: boolean
  readonly file: string | undefined
}

export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Throws UsageError. */
export function readFlags(args: readonly string[]): Flags | 'help' {
  const { values } = parseFlags(args)
  if (values.help) return 'help'
  if (values.host === '') throw new UsageError('--host needs an address.')
  return {
    host: values.host ?? DEFAULT_HOST,
    port: values.port === undefined ? undefined : readPort(values.port),
    isServerStarted: values['start-server'],
    isVerbose: values.verbose,
    file: values.test === undefined ? undefined : findFile(values.test),
  }
}

function parseFlags(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        host: { type: 'string' },
        port: { type: 'string' },
        test: { type: 'string' },
        'start-server': { type: 'boolean', default: false },
        verbose: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
  } catch (error) {
    throw new UsageError(messageOf(error), { cause: error })
  }
}

function readPort(text: string): number {
  const port = Number(text)
  if (/^\d{1,5}$/.test(text) && port >= 1 && port <= 65_535) return port
  throw new UsageError('--port is a number from 1 to 65535.')
}

/** A path from where the command was typed or from the root, a file name, or what stands before `.test.ts`. */
function findFile(text: string): string {
  const paths = [resolve(process.env['INIT_CWD'] ?? '', text), resolve(ROOT, text)].map((path) => relative(SUITE, path))
  const found = files.find((file) => file === text || file === `${text}.test.ts` || paths.includes(file))
  if (found !== undefined) return found
  throw new UsageError(`The suite has no file ${basename(text)}. It has:\n${fileList()}`)
}

function fileList(): string {
  return files.map((file) => `  ${file}`).join('\n')
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
