import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { type Environment, Terminal } from '@parley/shared/terminal/terminal.ts'
import { writeDaemonFile } from '#api/daemon-file.ts'
import type { CliActions } from '#cli/actions.ts'
import type { Cli } from '#cli/command.ts'
import { runCli } from '#cli/program.ts'
import type { RunningApi } from './running-api.ts'

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

const QUIET = '--disable-warning=ExperimentalWarning'
const {
  PATH,
  PARLEY_MAIN = 'src/main.ts',
  // Shared by all programs of a test run; it must not land in a home that does not exist.
  NODE_COMPILE_CACHE = fileURLToPath(new URL('../../../../node_modules/.cache/compiled', import.meta.url)),
  GLIBC_TUNABLES = '',
} = process.env
const MAIN = fileURLToPath(new URL(`../../${PARLEY_MAIN}`, import.meta.url))

interface ChildOptions {
  readonly environment?: Environment
  readonly input?: string | Buffer
  readonly script?: string
}

export interface Child extends AsyncDisposable {
  readonly pid: number
  /** The first line on stdout that fits. */
  line(fits: RegExp): Promise<string>
  signal(name: NodeJS.Signals): void
  readonly ended: Promise<Ended>
}

/** The real program, in a process and an environment of its own. */
export function startParley(
  args: readonly string[],
  { environment = {}, input, script = MAIN }: ChildOptions = {},
): Child {
  const home = { HOME: '/nonexistent', TZ: 'UTC', LANG: 'C.UTF-8' }
  const env = { PATH, NODE_COMPILE_CACHE, GLIBC_TUNABLES, ...home, ...environment }
  const child = spawn(process.execPath, [QUIET, script, ...args], { env, stdio: 'pipe' })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  // A program that ends without reading its input closes it.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const ended = once(child, 'close').then(() => ({ code: child.exitCode, out, err }))
  return {
    pid: child.pid ?? 0,
    ended,
    async line(fits) {
      for (;;) {
        const found = out
          .split('\n')
          .slice(0, -1)
          .find((line) => fits.test(line))
        if (found !== undefined) return found
        const more = once(child.stdout, 'data').then(() => undefined)
        const last = await Promise.race([more, ended])
        if (last !== undefined) throw new Error(`it ended with ${last.code}: ${last.out}${last.err}`)
      }
    },
    signal: (name) => void child.kill(name),
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL')
      await ended
    },
  }
}

export async function parley(args: readonly string[], options?: ChildOptions): Promise<Ended> {
  await using child = startParley(args, options)
  return await child.ended
}

interface TerminalLook {
  /** A terminal of this width; without it a pipe. */
  readonly columns?: number
  readonly environment?: Environment
  /** The input, from a keyboard. */
  readonly typed?: string
  readonly input?: string | Buffer | AsyncIterable<Buffer>
  readonly now?: number
  /** Told of each piece that is printed; may throw, as a pipe that nobody reads does. */
  readonly onOutput?: (text: string) => void
  readonly actions?: Partial<CliActions>
  /** What is typed unseen, line after line; without it there is no terminal. */
  readonly hidden?: string[]
  readonly secrets?: Cli['secrets']
}

/** The same program inside this process, with a daemon and a terminal that a test made. */
export async function parleyAt(
  world: Pick<RunningApi, 'profile'> | undefined,
  args: readonly string[],
  look: TerminalLook = {},
): Promise<Ended> {
  let out = ''
  let err = ''
  const { columns, typed, input = typed ?? '', now = Date.parse('2026-02-03T12:00:00Z') } = look
  const terminal = new Terminal({
    out: {
      isTTY: columns !== undefined,
      columns,
      write: (text, done) => {
        out += text
        look.onOutput?.(text)
        done?.()
        return true
      },
    },
    errors: {
      write: (text) => {
        err += text
        return true
      },
    },
    environment: { LANG: 'C.UTF-8', NO_COLOR: '1', ...look.environment },
  })
  const refuse = () => Promise.reject(new Error('this test has no such action'))
  const actions: CliActions = {
    locateProfile: () => (world === undefined ? refuse() : Promise.resolve(world.profile)),
    knownProfiles: () => Promise.resolve([]),
    init: refuse,
    start: refuse,
    changePassphrase: refuse,
    backUp: refuse,
    restore: refuse,
    verifyLedger: refuse,
    ...look.actions,
  }
  const code = await runCli(args, {
    actions,
    terminal,
    input: Object.assign(inputOf(input), { isTTY: typed !== undefined }),
    now: () => now,
    secrets: look.secrets ?? {},
    askHidden:
      look.hidden &&
      (async (question) => {
        err += `${question}: \n`
        return look.hidden?.shift() ?? ''
      }),
    version: '1.2.3',
  })
  return { code, out, err }
}

function inputOf(input: string | Buffer | AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  if (typeof input !== 'string' && !Buffer.isBuffer(input)) return input
  return Readable.from(input.length === 0 ? [] : [Buffer.from(input)])
}

/** Lets clients of this machine find the API of a test. */
export async function announce(
  { api, profile }: Pick<RunningApi, 'api' | 'profile'>,
  pid = process.pid,
): Promise<void> {
  await writeDaemonFile(profile, { url: api.url, pid, startedAt: 1 })
}
