import { setTimeout as after } from 'node:timers/promises'
import type { MessageView } from '@parley/shared/local-api/messages.ts'
import { readJson } from './json-lines.ts'
import type { Ended, Program } from './program.ts'
import { RunnerLine, type RunnerOptions, type RunnerRequest, type RunnerStatus } from './runner-protocol.ts'
import { commandIn, type Stage, type Surroundings } from './stage.ts'

type Ask<R = RunnerRequest> = R extends RunnerRequest ? Omit<R, 'id'> : never
type Answer = Extract<RunnerLine, { event: 'answer' }>
type Received = Extract<RunnerLine, { event: 'received' }>

/** The process went away before it answered. */
class GoneError extends Error {
  override readonly name = 'GoneError'
}

export interface StartOptions {
  /** No directory is waited for. */
  readonly isAlone?: boolean
  readonly port?: number
  /** Goes before the command this time, instead of what usually does. */
  readonly under?: readonly string[]
}

/** A while after its process began, after it opened its database and listens, or after others can find it. */
export interface StartMoment {
  readonly at: 'started' | 'listening' | 'ready'
  readonly afterMs: number
}

const ONLINE = /(?<!not )online at the directory/

/** One peer, over all the processes in which it lives one after the other. */
export class PeerProcess {
  readonly name: string
  readonly profile: string
  readonly #stage: Stage
  readonly #options: RunnerOptions
  readonly #surroundings: Surroundings
  readonly #onReceived: (text: string) => void
  #after: string | undefined
  #mayEnd = false
  #current: Life | undefined
  #life = Promise.withResolvers<Life>()

  /** `onReceived` gets the texts of others; each life goes on behind the last one that was told. */
  constructor(
    stage: Stage,
    options: RunnerOptions,
    onReceived: (text: string) => void = () => undefined,
    surroundings: Surroundings = {},
  ) {
    this.name = options.name
    this.profile = options.profile
    this.#stage = stage
    this.#options = options
    this.#surroundings = surroundings
    this.#onReceived = onReceived
  }

  /** Resolves when others find it, with the port where it listens for them; `isAlone` when no directory shall be waited for. */
  async start({
    isAlone = this.#options.directory === null,
    port: wanted = 0,
    under,
  }: StartOptions = {}): Promise<number> {
    const life = this.#begin(wanted, under)
    const port = await life.ready
    if (!isAlone) await life.program.logged(ONLINE)
    this.#current = life
    this.#life.resolve(life)
    return port
  }

  /** Resolves when the process that lives now has been online at its directory. */
  async isOnline(): Promise<void> {
    const { program } = await this.#life.promise
    await program.logged(ONLINE)
  }

  /** It starts, and is killed at that moment of its start. */
  async startAndKill({ at, afterMs }: StartMoment): Promise<void> {
    const { program, ready } = this.#begin()
    // The patience of these is not needed: whoever never gets so far is killed a little later.
    const came = {
      started: Promise.resolve(),
      listening: program.logged('listening'),
      ready: ready.then(() => undefined),
    }
    for (const moment of Object.values(came)) moment.catch(() => undefined)
    await came[at].catch(() => undefined)
    await after(afterMs)
    const { signal } = await program.end('SIGKILL')
    if (signal !== 'SIGKILL') throw new Error(`it ended by itself\n${program.report()}`)
  }

  /** Behind the last message that was told. */
  get place(): string | undefined {
    return this.#after
  }

  /** The next life tells again what came after that place: its profile is one of then. */
  rewind(place: string | undefined): void {
    this.#after = place
  }

  async kill(): Promise<void> {
    const { program } = await this.#end()
    await program.end('SIGKILL')
  }

  /** Until this resolves, the process that lives now may end by itself: with how it did. */
  async endsByItself(): Promise<Ended> {
    const life = await this.#life.promise
    this.#mayEnd = true
    try {
      return await life.program.exit()
    } finally {
      this.#mayEnd = false
      this.#leave(life)
    }
  }

  /** As a program ends that has nothing more to read. */
  async stop(): Promise<void> {
    const { program } = await this.#end()
    program.closeInput()
    const { exitCode } = await program.exit()
    if (exitCode !== 0) throw new Error(program.report())
  }

  /** SIGSTOP, or SIGCONT, to the process that lives now. */
  async signal(signal: 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    const { program } = await this.#life.promise
    program.signal(signal)
  }

  /** How often the text stands in the log of the process that lives now. */
  async countLogged(text: string): Promise<number> {
    const { program } = await this.#life.promise
    return program.stderr.split(text).length - 1
  }

  /** Resolves once it is durable; asks again, under the same key, whoever lives after a kill. */
  async send(to: string, text: string, key = text): Promise<MessageView> {
    for (;;) {
      const life = await this.#life.promise
      try {
        const { message } = await life.ask({ do: 'send', to, text, key })
        if (message === undefined) throw new Error('no message in the answer')
        return message
      } catch (error) {
        if (!(error instanceof GoneError)) throw error
        if (this.#mayEnd) this.#leave(life)
        // One that went without being killed is not waited for.
        if ((await this.#life.promise) === life) throw error
      }
    }
  }

  async connect(target: string): Promise<void> {
    await this.#ask({ do: 'connect', target })
  }

  async disconnect(target: string): Promise<void> {
    await this.#ask({ do: 'disconnect', target })
  }

  async status(): Promise<RunnerStatus> {
    const { status } = await this.#ask({ do: 'status' })
    if (status === undefined) throw new Error('no status in the answer')
    return status
  }

  /** How far its time of day is from the true one from now on; for a process with `moving-clock` in its surroundings. */
  async setClock(ms: number): Promise<void> {
    await this.#ask({ do: 'set-clock', ms })
  }

  async #ask(request: Ask): Promise<Answer> {
    return (await this.#life.promise).ask(request)
  }

  /** Whoever asks for a life from now on gets the next one. */
  #leave(life: Life): void {
    if (this.#current !== life) return
    this.#current = undefined
    this.#life = Promise.withResolvers()
  }

  #begin(port = 0, under = this.#surroundings.under): Life {
    const options = JSON.stringify({ ...this.#options, port, after: this.#after })
    const { env } = this.#surroundings
    const program = this.#stage.run({
      name: this.name,
      command: [...commandIn('runner', { ...this.#surroundings, under }), options],
      isTalkative: true,
      ...(env !== undefined && { env }),
    })
    return new Life(program, ({ text, cursor }) => {
      this.#after = cursor
      this.#onReceived(text)
    })
  }

  async #end(): Promise<Life> {
    const life = await this.#life.promise
    this.#leave(life)
    return life
  }
}

/** A runner from its start to its end. */
class Life {
  readonly program: Program
  readonly ready: Promise<number>
  readonly #asked = new Map<number, PromiseWithResolvers<Answer>>()
  #lastId = 0

  constructor(program: Program, onReceived: (received: Received) => void) {
    this.program = program
    this.ready = program.line((line) => {
      const said = readJson(line, RunnerLine)
      return said?.event === 'ready' ? said.port : undefined
    })
    program.onLine((line) => {
      const said = readJson(line, RunnerLine)
      if (said?.event === 'received') onReceived(said)
      if (said?.event === 'answer') this.#take(said.id)?.resolve(said)
      if (said?.event === 'failed') this.#take(said.id)?.reject(new Error(said.reason))
    })
    const leave = () => {
      for (const id of this.#asked.keys()) this.#take(id)?.reject(new GoneError(`${program.name} ended`))
    }
    program.ended.then(leave, leave)
  }

  ask(request: Ask): Promise<Answer> {
    if (!this.program.isRunning) return Promise.reject(new GoneError(`${this.program.name} ended`))
    const answer = Promise.withResolvers<Answer>()
    this.#lastId += 1
    this.#asked.set(this.#lastId, answer)
    this.program.write(`${JSON.stringify({ ...request, id: this.#lastId })}\n`)
    return answer.promise
  }

  #take(id: number): PromiseWithResolvers<Answer> | undefined {
    const answer = this.#asked.get(id)
    this.#asked.delete(id)
    return answer
  }
}
