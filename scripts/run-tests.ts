// `pnpm run-tests`: the black-box suite of the directory, against one that runs already or one that is started for it.
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { isIPv6 } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mainOf } from '@parley/e2e/mains.ts'
import { Program } from '@parley/e2e/program.ts'
import { killAll, QUIET, ROOT } from './running/process-group.ts'
import { DEFAULT_PORT, type Flags, HELP, readFlags, SUITE, UsageError } from './running/run-tests-flags.ts'
import { runVitest } from './running/vitest.ts'

const EXIT = {
  done: 0,
  failed: 1,
  usage: 64,
  unavailable: 69,
  internal: 70,
  interrupted: 130,
  terminated: 143,
} as const
const BLACK_BOX = join(ROOT, 'scripts/running/black-box.config.ts')
const MAX_TESTS_MS = 10 * 60_000
const MAX_START_MS = 30_000
const MAX_STOP_MS = 15_000
const DIRECTORY = [process.execPath, QUIET, mainOf('directory-server')]

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** One run: its folder, the directory when it is ours, and what has to be put back. */
class Run implements AsyncDisposable {
  readonly #flags: Flags
  readonly #folder: string
  #server: Program | undefined
  #stoppedBy: NodeJS.Signals | undefined

  private constructor(flags: Flags, folder: string) {
    this.#flags = flags
    this.#folder = folder
  }

  static async open(flags: Flags): Promise<Run> {
    const folder = await mkdtemp(join(tmpdir(), 'parley-run-tests-'))
    await mkdir(join(folder, 'guests'))
    return new Run(flags, folder)
  }

  /** Ends what runs; what has to be put back is put back by the end of `result` and of the scope. */
  interrupt(signal: NodeJS.Signals): void {
    const exitCode = exitCodeOf(signal)
    if (this.#stoppedBy !== undefined) {
      // Somebody who asks twice does not want to wait for anything.
      this.#server?.signal('SIGKILL')
      process.exit(exitCode)
    }
    this.#stoppedBy = signal
    killAll()
    this.#server?.signal('SIGTERM')
  }

  async result(): Promise<number> {
    const url = this.#flags.isServerStarted ? await this.#start() : await this.#find()
    if (url === undefined) return this.#stoppedBy === undefined ? EXIT.unavailable : exitCodeOf(this.#stoppedBy)
    console.log(`Testing the directory at ${url}`)
    const guests = join(this.#folder, 'guests')
    const { file, isVerbose } = this.#flags
    const files = file === undefined ? [] : [join(SUITE, file)]
    const isGood = await runVitest(['--config', BLACK_BOX, ...files], MAX_TESTS_MS, {
      env: { PARLEY_BLACK_BOX_URL: url, PARLEY_BLACK_BOX_GUESTS: guests },
      reporter: isVerbose ? 'verbose' : 'default',
    })
    // A directory of our own ends with its data.
    const held = this.#server === undefined ? await this.#retire(url, guests) : []
    if (held.length > 0) console.error(`These names could not be given back: ${held.join(' ')}`)
    if (this.#stoppedBy !== undefined) return exitCodeOf(this.#stoppedBy)
    if (!isGood && this.#server !== undefined && !this.#flags.isVerbose) console.error(this.#server.report())
    return isGood ? EXIT.done : EXIT.failed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.end('SIGTERM', MAX_STOP_MS).catch(() => this.#server?.[Symbol.asyncDispose]())
    await rm(this.#folder, { recursive: true, force: true })
  }

  /** The names that could not be given back. */
  async #retire(url: string, guests: string): Promise<string[]> {
    // Loaded late, with all the schemas: whoever mistypes a flag should not wait for them.
    const { retireGuests } = await import('./running/directory-at.ts')
    return await retireGuests(url, guests)
  }

  /** The URL of a directory that runs already. */
  async #find(): Promise<string | undefined> {
    const { host, port = DEFAULT_PORT } = this.#flags
    const url = `http://${isIPv6(host) ? `[${host}]` : host}:${port}`
    const { whyUntestable } = await import('./running/directory-at.ts')
    const why = await whyUntestable(url, process.env['PARLEY_REGISTRATION_TOKEN'] !== undefined)
    if (why === undefined) return url
    console.error(why)
    return undefined
  }

  /** The URL of one that is started now. */
  async #start(): Promise<string | undefined> {
    const { host, port = 0, isVerbose } = this.#flags
    const data = join(this.#folder, 'data')
    const { PATH = '', HOME = '', LANG = 'C.UTF-8', NODE_COMPILE_CACHE } = process.env
    const server = new Program({
      name: 'directory',
      command: [
        ...DIRECTORY,
        '--host',
        host,
        '--port',
        String(port),
        '--data-dir',
        data,
        '--log-level',
        isVerbose ? 'debug' : 'warn',
      ],
      env: { PATH, HOME, LANG, ...(NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE }) },
    })
    this.#server = server
    if (isVerbose) server.onLog((text) => process.stderr.write(text))
    try {
      return await server.line((line) => /http\S+/.exec(line)?.[0], MAX_START_MS)
    } catch {
      if (this.#stoppedBy === undefined) console.error(`The directory did not start.\n${server.report()}`)
      return undefined
    }
  }
}

function exitCodeOf(signal: NodeJS.Signals): number {
  return signal === 'SIGINT' ? EXIT.interrupted : EXIT.terminated
}

async function main(args: readonly string[]): Promise<number> {
  let flags: Flags | 'help'
  try {
    flags = readFlags(args)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    console.error(`${error.message}\n\nSee pnpm run-tests --help.`)
    return EXIT.usage
  }
  if (flags === 'help') {
    console.log(HELP)
    return EXIT.done
  }
  await using run = await Run.open(flags)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => run.interrupt(signal))
  return await run.result()
}

try {
  process.exitCode = await main(process.argv.slice(2).filter((arg, index) => !(index === 0 && arg === '--')))
} catch (error) {
  console.error(`run-tests failed: ${messageOf(error)}`)
  process.exitCode = EXIT.internal
}
