import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { BenchError } from './bench-error.ts'
import { type Note, type Numbers, readNote, STOP } from './note.ts'

export interface ChildOptions {
  readonly name: string
  readonly program: URL
  readonly args: readonly string[]
  readonly nodeFlags?: readonly string[]
  /** Kills it. */
  readonly signal: AbortSignal
  /** How long it may take to end when it is told to. */
  readonly patienceMs?: number
}

const PATIENCE_MS = 30_000

/** What is kept of the last words of a process. */
const MAX_LAST_WORDS_CHARS = 8 * 1024

/** A process that plays one part of a measurement: it is asked, and answers with numbers. */
export class Child implements AsyncDisposable {
  readonly #name: string
  readonly #process: ChildProcess
  readonly #patienceMs: number
  readonly #closed: Promise<void>
  #lastWords = ''
  #asked: { event: string; answer: PromiseWithResolvers<Numbers> } | undefined
  #failure: BenchError | undefined

  private constructor({ name, program, args, nodeFlags = [], signal, patienceMs = PATIENCE_MS }: ChildOptions) {
    this.#name = name
    this.#patienceMs = patienceMs
    const flags = ['--disable-warning=ExperimentalWarning', '--expose-gc', ...nodeFlags]
    this.#process = spawn(process.execPath, [...flags, fileURLToPath(program), ...args], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      signal,
      killSignal: 'SIGKILL',
    })
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#lastWords = (this.#lastWords + text).slice(-MAX_LAST_WORDS_CHARS)
    })
    this.#process.on('message', (message) => this.#take(message))
    // It may have gone without reading what it was asked; that is told by its end. So is the abort of the signal.
    this.#process.on('error', () => undefined)
    this.#closed = once(this.#process, 'close').then(
      () => this.#fail(`ended with ${this.#process.exitCode ?? this.#process.signalCode}`),
      // `once` rejects at an 'error', before the process is gone.
      () => this.#gone(),
    )
  }

  /** Resolves with what it tells when it is ready. Rejects with BenchError `child-failed`, and nothing of it is left then. */
  static async start(options: ChildOptions): Promise<{ child: Child; ready: Numbers }> {
    const child = new Child(options)
    try {
      return { child, ready: await child.#hear('ready') }
    } catch (error) {
      await child[Symbol.asyncDispose]()
      throw error
    }
  }

  /** One question at a time. Rejects with BenchError `child-failed` when it ends before it answers. */
  ask(event: string, numbers: Numbers = {}): Promise<Numbers> {
    const answer = this.#hear(event)
    this.#tell({ event, numbers })
    return answer
  }

  /** Tells it to stop, and waits for that. Rejects when it does not end, or not well. */
  async end(): Promise<void> {
    this.#tell(STOP)
    const late = setTimeout(() => this.#process.kill('SIGKILL'), this.#patienceMs)
    await this.#closed
    clearTimeout(late)
    if (this.#process.exitCode !== 0) throw this.#failure ?? this.#failed('did not end well')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.#closed
  }

  /** What it does not hear any more is told by its end. */
  #tell(note: Note): void {
    if (this.#process.connected) this.#process.send(note, () => undefined)
  }

  #hear(event: string): Promise<Numbers> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    const answer = Promise.withResolvers<Numbers>()
    this.#asked = { event, answer }
    return answer.promise
  }

  #take(message: unknown): void {
    const note = readNote(message)
    const asked = this.#asked
    if (note === undefined || asked?.event !== note.event) return
    this.#asked = undefined
    asked.answer.resolve(note.numbers)
  }

  async #gone(): Promise<void> {
    if (this.#process.pid !== undefined && this.#process.exitCode === null && this.#process.signalCode === null)
      await once(this.#process, 'close')
    this.#fail('was stopped')
  }

  #fail(how: string): void {
    this.#failure = this.#failed(how)
    this.#asked?.answer.reject(this.#failure)
    this.#asked = undefined
  }

  #failed(how: string): BenchError {
    return new BenchError('child-failed', `${this.#name} ${how}\n${this.#lastWords}`.trimEnd())
  }
}
