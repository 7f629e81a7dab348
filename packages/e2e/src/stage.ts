import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DirectoryProgram } from './directory-program.ts'
import { mainBesideParts, mainOf, type Part, PROGRAMS_ENV, partOf } from './mains.ts'
import { type Ended, Program } from './program.ts'

const NODE = [process.execPath, '--disable-warning=ExperimentalWarning']
const PACKAGES = new URL('../../', import.meta.url)
const ROOT = new URL('../', PACKAGES)

/** All stages share it: each program is then compiled once and not at each of its many starts. */
const COMPILED = fileURLToPath(new URL('../node_modules/.cache/compiled', PACKAGES))

/** The programs as a user starts them. */
export const COMMAND = {
  directory: [...NODE, mainOf('directory-server')],
  parley: [...NODE, mainOf('peer-client')],
  console: [...NODE, mainOf('directory-console')],
  runner: [...NODE, partOf('peer-runner')],
} as const satisfies Record<string, readonly string[]>

/** What goes around a program and not into it. */
export interface Surroundings {
  /** Goes before the command, as `strace -f` does. */
  readonly under?: readonly string[] | undefined
  /** What is loaded before the program. */
  readonly preload?: readonly Part[] | undefined
  readonly env?: Readonly<Record<string, string>> | undefined
}

/** The command of a program in these surroundings. */
export function commandIn(program: 'parley' | 'runner', { under = [], preload = [] }: Surroundings): string[] {
  if (preload.length === 0) return [...under, ...COMMAND[program]]
  const main = program === 'runner' ? partOf('peer-runner') : mainBesideParts()
  return [...under, ...NODE, ...preload.flatMap((part) => ['--import', partOf(part)]), main]
}

export interface RunOptions {
  readonly name: string
  readonly command: readonly string[]
  readonly input?: string
  readonly env?: Readonly<Record<string, string>>
  readonly isTalkative?: boolean
}

export interface ScriptOptions {
  readonly args?: readonly string[]
  /** Goes before the command. */
  readonly under?: readonly string[]
  readonly input?: string
  readonly env?: Readonly<Record<string, string>>
}

/** What lives on a stage, and ends with it. */
export interface Actor extends AsyncDisposable {
  readonly isRunning: boolean
  /** What it said last, for people. */
  report(): string
}

const MAX_ENDED_ACTORS = 16

/** A temporary directory and all that lives in it, which is gone at the end. */
export class Stage implements AsyncDisposable {
  /** Every path that a program on this stage makes by itself is below it. */
  readonly dir: string
  #actors: Actor[] = []
  #isKept = false
  #isOver = false
  readonly #notes: string[] = []

  private constructor(dir: string) {
    this.dir = dir
  }

  static async open(): Promise<Stage> {
    return new Stage(await mkdtemp(join(tmpdir(), 'parley-e2e-')))
  }

  path(...parts: readonly string[]): string {
    return join(this.dir, ...parts)
  }

  run({ name, command, input, env = {}, isTalkative }: RunOptions): Program {
    this.#mustNotBeOver(name)
    const { PATH = '', NODE_COMPILE_CACHE = COMPILED, GLIBC_TUNABLES = '' } = process.env
    const program = new Program({
      name,
      command,
      input,
      isTalkative,
      env: { PATH, HOME: this.dir, LANG: 'C.UTF-8', NODE_COMPILE_CACHE, GLIBC_TUNABLES, ...PROGRAMS_ENV, ...env },
    })
    return this.#enter(program)
  }

  /** What `make` begins lives in this process. */
  host<A extends Actor>(name: string, make: () => A): A {
    this.#mustNotBeOver(name)
    return this.#enter(make())
  }

  /** One command of the CLI, to its end. */
  parley(args: readonly string[], { input = '', env = {} }: Pick<RunOptions, 'input' | 'env'> = {}): Promise<Ended> {
    return this.run({ name: `parley ${args.join(' ')}`, command: [...COMMAND.parley, ...args], input, env }).exit()
  }

  /** A program of the repository, by its path below the root; what it makes for a time is on this stage. */
  script(path: string, { args = [], under = [], env = {}, input }: ScriptOptions = {}): Program {
    const command = [...under, ...NODE, fileURLToPath(new URL(path, ROOT)), ...args]
    return this.run({
      name: path,
      command,
      env: { TMPDIR: this.dir, NO_COLOR: '1', ...env },
      ...(input !== undefined && { input }),
    })
  }

  directory(name = 'directory'): Promise<DirectoryProgram> {
    return DirectoryProgram.start(
      (args) => this.run({ name, command: [...COMMAND.directory, ...args] }),
      this.path(name),
    )
  }

  get isKept(): boolean {
    return this.#isKept
  }

  /** From now on the directory stays when the stage is gone. */
  keep(): void {
    this.#isKept = true
  }

  /** For the report of a failure. */
  note(text: string): void {
    this.#notes.push(text)
  }

  /** What was noted, and what everybody said last. */
  report(): string {
    return [this.#notes.join('\n'), ...this.#actors.map((actor) => actor.report())].join('\n\n')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#actors.map((actor) => actor[Symbol.asyncDispose]()))
    if (!this.#isKept) await rm(this.dir, { recursive: true, force: true })
  }

  /** Whoever is in the middle of something when everything is ended must not start anything behind it. */
  #mustNotBeOver(name: string): void {
    if (this.#isOver) throw new Error(`${name} is not started: its stage is over`)
  }

  /** A long run starts thousands of programs; of those that are gone the last few are enough for a report. */
  #enter<A extends Actor>(actor: A): A {
    const ended = this.#actors.filter(({ isRunning }) => !isRunning)
    const forgotten = new Set(ended.slice(0, Math.max(0, ended.length - MAX_ENDED_ACTORS)))
    if (forgotten.size > 0) this.#actors = this.#actors.filter((one) => !forgotten.has(one))
    this.#actors.push(actor)
    return actor
  }
}

/** The body of a test on a stage of its own; when it fails, what the programs said is shown too. */
export function onStage(body: (stage: Stage) => Promise<void>): () => Promise<void> {
  return async () => {
    await using stage = await Stage.open()
    try {
      await body(stage)
    } catch (error) {
      console.error(stage.report())
      throw error
    }
  }
}
