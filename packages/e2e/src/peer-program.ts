import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ApiClient } from '@parley/api-client'
import { API_TOKEN_FILE, ApiToken } from '@parley/shared/local-api/daemon-file.ts'
import { z } from 'zod'
import { readJson } from './json-lines.ts'
import { type Ended, PATIENCE_MS, type Program } from './program.ts'
import { commandIn, type Stage, type Surroundings } from './stage.ts'

const Ready = z.object({
  event: z.literal('ready'),
  name: z.string(),
  account: z.string(),
  device: z.string(),
  listening: z.array(z.string()).min(1),
  api: z.url(),
  directory: z.string().nullable(),
  profile: z.string(),
})
type Ready = z.infer<typeof Ready>

export interface PeerOptions extends Surroundings {
  readonly name: string
  /** The folder of the profile, when it is not called as its owner. */
  readonly profile?: string
  /** `null` for none. */
  readonly directory: string | null
  readonly port?: number
  readonly flags?: readonly string[]
}

/** `parley start` as a process that can be killed and started again, and the other commands for its profile. */
export class PeerProgram {
  readonly profile: string
  readonly #stage: Stage
  readonly #options: PeerOptions
  #program: Program
  #ready: Ready

  private constructor(stage: Stage, options: PeerOptions, program: Program, ready: Ready) {
    this.profile = profileOf(stage, options)
    this.#stage = stage
    this.#options = options
    this.#program = program
    this.#ready = ready
  }

  /** Resolves when others can find it. */
  static async start(stage: Stage, options: PeerOptions): Promise<PeerProgram> {
    const program = launch(stage, options, options.port ?? 0)
    const ready = await readyLine(program)
    if (options.directory !== null) await program.logged(ONLINE)
    return new PeerProgram(stage, options, program, ready)
  }

  /** The peer, or how its process ended when it did not come so far; in time, one of the two. */
  static async tryToStart(stage: Stage, options: PeerOptions): Promise<PeerProgram | Ended> {
    const program = launch(stage, options, options.port ?? 0)
    const ready = readyLine(program)
    const first = await Promise.race([ready, program.ended])
    return 'exitCode' in first ? first : new PeerProgram(stage, options, program, first)
  }

  get ready(): Ready {
    return this.#ready
  }

  /** Of the process that runs now. */
  get program(): Program {
    return this.#program
  }

  /** HOST:PORT for other peers. */
  get address(): string {
    return this.#ready.listening[0] ?? ''
  }

  get port(): number {
    return Number(this.address.split(':').at(-1))
  }

  /** The local API, with the token that lies in the profile. */
  async api(): Promise<ApiClient> {
    const token = ApiToken.parse((await readFile(join(this.profile, API_TOKEN_FILE), 'utf8')).trim())
    return new ApiClient({ url: this.#ready.api, token })
  }

  /** A command of the CLI for this profile, to its end. */
  parley(command: string, ...args: readonly string[]): Promise<Ended> {
    return this.#stage.parley([command, '--profile', this.profile, ...args])
  }

  /** Sends it and waits until it is delivered, without a program. Rejects when it is not in time. */
  async say(to: string, text: string): Promise<void> {
    const api = await this.api()
    const { id } = await api.send(to, text)
    const { state } = await api.waitFor(id, 'delivered', { timeoutMs: PATIENCE_MS })
    if (state !== 'delivered') throw new Error(`${text}: ${state} after ${PATIENCE_MS / 1_000} s`)
  }

  /** What was said with somebody, oldest first, each with its direction before it. */
  async said(who: string): Promise<string[]> {
    const { messages } = await (await this.api()).history(who)
    return messages.toReversed().map(({ direction, text }) => `${direction} ${text}`)
  }

  /** As the system ends a service. Rejects when it does not end well. */
  async stop(): Promise<void> {
    const { exitCode } = await this.#program.end('SIGTERM')
    if (exitCode !== 0) throw new Error(this.#program.report())
  }

  async kill(): Promise<void> {
    await this.#program.end('SIGKILL')
  }

  /** The same profile at the same address. Resolves when the daemon is ready, which says nothing about the directory. */
  async startAgain(flags = this.#options.flags ?? []): Promise<void> {
    this.#program = launch(this.#stage, { ...this.#options, flags }, this.port)
    this.#ready = await readyLine(this.#program)
  }

  async isOnline(): Promise<void> {
    await this.#program.logged(ONLINE)
  }
}

const ONLINE = 'online at the directory'

function profileOf(stage: Stage, { name, profile = name }: PeerOptions): string {
  return stage.path(profile)
}

function launch(stage: Stage, options: PeerOptions, port: number): Program {
  const { name, directory, flags = [], env } = options
  const profile = profileOf(stage, options)
  const where = directory === null ? ['--no-directory'] : ['--directory', directory]
  const usual = ['--name', name, '--profile', profile, '--port', String(port), '--api-port', '0', '--json']
  const command = [...commandIn('parley', options), 'start', ...usual, ...where, ...flags]
  return stage.run({ name, command, ...(env !== undefined && { env }) })
}

function readyLine(program: Program): Promise<Ready> {
  return program.line((line) => readJson(line, Ready))
}
