import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const {
  PATH,
  PARLEY_MAIN = 'src/main.ts',
  // Shared by all programs of a test run; it must not land in a home that does not exist.
  NODE_COMPILE_CACHE = fileURLToPath(new URL('../../../../node_modules/.cache/compiled', import.meta.url)),
  GLIBC_TUNABLES = '',
} = process.env
const MAIN = fileURLToPath(new URL(`../../${PARLEY_MAIN}`, import.meta.url))
const COMMAND = [process.execPath, '--disable-warning=ExperimentalWarning', MAIN]

export interface Ended {
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface SpawnOptions {
  readonly env?: Readonly<Record<string, string>>
  /** In units of 1,024 bytes: a write beyond it fails with EFBIG (setrlimit(2), RLIMIT_FSIZE). */
  readonly maxFileKiB?: number
  /** RLIMIT_NOFILE. */
  readonly maxOpenFiles?: number
}

/** The real program in a process of its own; gone at the end of the test, whatever happened to it. */
export class SpawnedDirectory implements AsyncDisposable {
  readonly ended: Promise<Ended>
  readonly #child: ChildProcess
  readonly #firstLine = Promise.withResolvers<string>()
  #logged = Promise.withResolvers<void>()
  #stdout = ''
  #stderr = ''

  constructor(args: readonly string[], { env = {}, maxFileKiB, maxOpenFiles }: SpawnOptions = {}) {
    const limits = `ulimit -f ${maxFileKiB ?? 'unlimited'} && ulimit -n ${maxOpenFiles ?? '$(ulimit -n)'}`
    const isLimited = maxFileKiB !== undefined || maxOpenFiles !== undefined
    const shell = isLimited ? ['bash', '-c', `${limits} && exec "$0" "$@"`] : []
    const [command = '', ...rest] = [...shell, ...COMMAND, ...args]
    this.#child = spawn(command, rest, {
      env: { PATH, NODE_COMPILE_CACHE, GLIBC_TUNABLES, HOME: '/nonexistent', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text
      const end = this.#stdout.indexOf('\n')
      if (end !== -1) this.#firstLine.resolve(this.#stdout.slice(0, end))
    })
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text
      this.#logged.resolve()
      this.#logged = Promise.withResolvers()
    })
    this.ended = once(this.#child, 'close').then(([exitCode, signal]) => {
      this.#firstLine.reject(new Error(`ended without a line: ${this.#stderr}`))
      return { exitCode, signal, stdout: this.#stdout, stderr: this.#stderr }
    })
    // Whoever waits for the end only need not care that there was no line.
    this.#firstLine.promise.catch(() => {})
  }

  /** The first line on stdout. Rejects when the program ends before. */
  get firstLine(): Promise<string> {
    return this.#firstLine.promise
  }

  /** The URL of the ready line. */
  async url(): Promise<string> {
    return (await this.firstLine).replace('Parley directory ready at ', '')
  }

  /** Resolves once the log has the text. */
  async logged(text: string): Promise<void> {
    while (!this.#stderr.includes(text)) await this.#logged.promise
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  kill(signal: NodeJS.Signals): Promise<Ended> {
    this.#child.kill(signal)
    return this.ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill('SIGKILL')
  }
}

export interface Scratch extends AsyncDisposable {
  readonly dir: string
}

export async function scratch(): Promise<Scratch> {
  const dir = await mkdtemp(join(tmpdir(), 'parley-main-'))
  return { dir, [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }) }
}
