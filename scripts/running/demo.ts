// What a demonstration is played with: programs as somebody starts them, and what they print.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { styleText } from 'node:util'
import { mainOf } from '@parley/e2e/mains.ts'
import { Program } from '@parley/e2e/program.ts'
import { API_TOKEN_FILE } from '@parley/shared/local-api/daemon-file.ts'
import { SignInLink } from '@parley/shared/local-api/sign-in.ts'
import { QUIET } from './process-group.ts'

const MAX_STOP_MS = 5_000
const DIRECTORY = [process.execPath, QUIET, mainOf('directory-server')]
const PARLEY = [process.execPath, QUIET, mainOf('peer-client')]

export const paint = (format: 'bold' | 'cyan' | 'dim' | 'green' | 'red', text: string): string =>
  styleText(format, text, { stream: process.stdout })

export function show(text: string): void {
  for (const line of text.trimEnd().split('\n')) console.log(`  ${line}`)
}

/** One run: its folder, the programs in it, and the step that it has come to. */
export class Demo implements AsyncDisposable {
  readonly #folder: string
  readonly #programs: Program[] = []
  readonly #apiPorts = new Map<string, string>()
  #step = 'A folder is made.'
  #isOver = false

  private constructor(folder: string) {
    this.#folder = folder
  }

  static async open(): Promise<Demo> {
    return new Demo(await mkdtemp(join(tmpdir(), 'parley-demo-')))
  }

  get step(): string {
    return this.#step
  }

  begin(sentence: string): void {
    this.#step = sentence
    console.log(`\n${paint('bold', sentence)}`)
  }

  profile(name: string): string {
    return join(this.#folder, name)
  }

  /** Resolves with its URL. */
  async startDirectory(): Promise<string> {
    const data = join(this.#folder, 'directory')
    const program = this.#run('directory', [...DIRECTORY, '--port', '0', '--data-dir', data])
    const ready = await program.line((line) => line)
    show(ready)
    return /http:\S+/.exec(ready)?.[0] ?? ready
  }

  /** Resolves when others find it. Started again it serves its page where it did before, so that one that is open goes on. */
  async startPeer(name: string, directory: string): Promise<Program> {
    const args = ['--name', name, '--profile', this.profile(name), '--directory', directory]
    const apiPort = this.#apiPorts.get(name) ?? '0'
    const program = this.#run(name, [...PARLEY, 'start', ...args, '--port', '0', '--api-port', apiPort])
    const ready = await program.line((line) => line)
    this.#apiPorts.set(name, /local API http:\S+:(\d+)/.exec(ready)?.[1] ?? '0')
    show(ready)
    await program.logged('online at the directory')
    return program
  }

  /** The page that the peer serves, signed in, once. Asked for without a program: that would take a second of a slow machine. */
  async link(name: string): Promise<string> {
    const token = (await readFile(join(this.profile(name), API_TOKEN_FILE), 'utf8')).trim()
    const api = `http://127.0.0.1:${this.#apiPorts.get(name)}/api/v1/sign-in-links`
    const answer = await fetch(api, { method: 'POST', headers: { authorization: `Bearer ${token}` } })
    return SignInLink.parse(await answer.json()).url
  }

  /** A command as somebody types it, with what it prints. */
  begun(who: string, ...args: readonly string[]): Program {
    const shown = args.map((arg) => (/^[\w.-]+$/.test(arg) ? arg : `'${arg}'`))
    show(`${paint('dim', `${who}:`)} ${paint('cyan', `parley ${shown.join(' ')}`)}`)
    const [command = '', ...rest] = args
    const program = this.#run(`parley ${command}`, [...PARLEY, command, '--profile', this.profile(who), ...rest])
    program.closeInput()
    program.onLine(show)
    return program
  }

  /** Resolves with what was printed. */
  async parley(who: string, ...args: readonly string[]): Promise<readonly string[]> {
    const program = this.begun(who, ...args)
    await endedWell(program)
    return program.lines
  }

  /** What a command prints, for this program and not for a person. */
  async asked(...args: readonly string[]): Promise<readonly string[]> {
    const program = this.#run(`parley ${args[0]}`, [...PARLEY, ...args])
    program.closeInput()
    await endedWell(program)
    return program.lines
  }

  /** The last lines of everything that ran. */
  report(): string {
    return this.#programs.map((program) => program.report()).join('\n\n')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true
    // Peers before the directory: they take their leave of it.
    for (const program of this.#programs.toReversed()) {
      await program.end('SIGTERM', MAX_STOP_MS).catch(() => program[Symbol.asyncDispose]())
    }
    await rm(this.#folder, { recursive: true, force: true })
  }

  #run(name: string, command: readonly string[]): Program {
    if (this.#isOver) throw new Error('interrupted')
    const { PATH = '', HOME = '', LANG = 'C.UTF-8', NODE_COMPILE_CACHE } = process.env
    const env = { PATH, HOME, LANG, ...(NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE }) }
    const program = new Program({ name, command, env })
    this.#programs.push(program)
    return program
  }
}

/** Rejects when it did not. */
export async function endedWell(program: Program): Promise<void> {
  const { exitCode, signal } = await program.exit()
  if (exitCode !== 0) throw new Error(`${program.name} ended with ${exitCode ?? signal}`)
}
