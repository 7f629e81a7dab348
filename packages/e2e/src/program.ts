import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface, type Interface } from 'node:readline'
import { setTimeout as after } from 'node:timers/promises'

export interface ProgramOptions {
  /** For the report of a failure. */
  readonly name: string
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Written to standard input, which is then closed. Without it the input stays open for `write`. */
  readonly input?: string | undefined
  /** Its standard output is for programs, and says nothing to people who look for a failure. */
  readonly isTalkative?: boolean | undefined
}

export interface Ended {
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** How long a test waits for what should take far less, on a slow machine. */
export const PATIENCE_MS = 60_000

/** What is kept of the output of one program. */
const MAX_OUTPUT_CHARS = 4 * 1024 * 1024
const REPORTED_LINES = 25

/** A program in a process of its own; what it prints is kept, and it is gone at the end of its scope. */
export class Program implements AsyncDisposable {
  readonly name: string
  readonly ended: Promise<Ended>
  readonly #child: ChildProcess
  readonly #output: Interface
  readonly #lines: string[] = []
  readonly #watchers = new Set<() => void>()
  #stdout = ''
  #stderr = ''
  #isOver = false
  readonly #isTalkative: boolean

  constructor({ name, command: [file = '', ...args], env, input, isTalkative = false }: ProgramOptions) {
    this.name = name
    this.#isTalkative = isTalkative
    const child = spawn(file, args, { env, stdio: ['pipe', 'pipe', 'pipe'] })
    this.#child = child
    // A program that is killed no longer reads; that is seen by its end, not here.
    child.stdin.on('error', () => undefined)
    if (input !== undefined) child.stdin.end(input)
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout = (this.#stdout + text).slice(-MAX_OUTPUT_CHARS)
      this.#wake()
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-MAX_OUTPUT_CHARS)
      this.#wake()
    })
    this.#output = createInterface({ input: child.stdout }).on('line', (line) => {
      this.#lines.push(line)
      this.#wake()
    })
    this.ended = once(child, 'close').then(() => {
      this.#isOver = true
      this.#wake()
      return { exitCode: child.exitCode, signal: child.signalCode, stdout: this.#stdout, stderr: this.#stderr }
    })
    this.ended.catch(() => this.#wake())
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error(`${this.name} did not start`)
    return this.#child.pid
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  get stderr(): string {
    return this.#stderr
  }

  /** All complete lines on standard output so far. */
  get lines(): readonly string[] {
    return this.#lines
  }

  /** The first line of standard output, old or new, that `read` makes something of. Rejects when the program ends before. */
  async line<T>(read: (line: string) => T | undefined, patienceMs = PATIENCE_MS): Promise<T> {
    let seen = 0
    const look = (): T | undefined => {
      for (; seen < this.#lines.length; seen += 1) {
        const found = read(this.#lines[seen] ?? '')
        if (found !== undefined) return found
      }
      return undefined
    }
    return this.#until(look, 'a line on standard output', patienceMs)
  }

  /**
   * Resolves once the text stands on standard output, at `from` characters or later, whether or not its line is complete; with where
   * it ends.
   */
  async printed(text: string, from = 0, patienceMs = PATIENCE_MS): Promise<number> {
    const look = () => {
      const at = this.#stdout.indexOf(text, from)
      return at === -1 ? undefined : at + text.length
    }
    return this.#until(look, `"${text}" on standard output`, patienceMs)
  }

  /** Resolves once the text stands in the log, which is standard error. */
  async logged(text: string | RegExp, patienceMs = PATIENCE_MS): Promise<void> {
    await this.#until(() => this.#stderr.search(text) !== -1 || undefined, `${text} in the log`, patienceMs)
  }

  /** Calls for every line of standard output from now on. */
  onLine(take: (line: string) => void): void {
    this.#output.on('line', take)
  }

  /** Calls with all that comes on standard error from now on, in pieces. */
  onLog(take: (text: string) => void): void {
    this.#child.stderr?.on('data', take)
  }

  write(text: string): void {
    this.#child.stdin?.write(text)
  }

  closeInput(): void {
    this.#child.stdin?.end()
  }

  /** Only sends it; SIGSTOP and SIGCONT are signals too. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Resolves when the process is gone. */
  async end(signal: NodeJS.Signals, patienceMs = PATIENCE_MS): Promise<Ended> {
    if (this.isRunning) this.#child.kill(signal)
    return this.exit(patienceMs)
  }

  /** Resolves when the process is gone by itself. */
  async exit(patienceMs = PATIENCE_MS): Promise<Ended> {
    const timer = new AbortController()
    const late = after(patienceMs, undefined, { signal: timer.signal }).then(() => {
      throw new Error(`${this.name} is still running after ${patienceMs / 1000} s\n${this.report()}`)
    })
    try {
      return await Promise.race([this.ended, late])
    } finally {
      timer.abort()
      late.catch(() => undefined)
    }
  }

  /** The last lines that it printed, for people. */
  report(): string {
    const tail = (text: string) => text.trimEnd().split('\n').slice(-REPORTED_LINES).join('\n')
    const how = this.isRunning ? 'running' : `ended with ${this.#child.exitCode ?? this.#child.signalCode}`
    return [`— ${this.name} (${how})`, this.#isTalkative ? '' : tail(this.#stdout), tail(this.#stderr)]
      .filter((part) => part !== '')
      .join('\n')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.isRunning) this.#child.kill('SIGKILL')
    await this.ended.catch(() => undefined)
  }

  async #until<T>(look: () => T | undefined, what: string, patienceMs: number): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const check = () => {
      const found = look()
      if (found !== undefined) resolve(found)
      else if (this.#isOver) reject(new Error(`${this.name} ended without ${what}\n${this.report()}`))
    }
    const timer = setTimeout(
      () => reject(new Error(`${this.name}: no ${what} within ${patienceMs / 1000} s\n${this.report()}`)),
      patienceMs,
    )
    this.#watchers.add(check)
    check()
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      this.#watchers.delete(check)
    }
  }

  #wake(): void {
    for (const check of this.#watchers) check()
  }
}
