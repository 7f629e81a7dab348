import { setTimeout as after } from 'node:timers/promises'
import type { MessageView } from '@parley/shared/local-api/messages.ts'
import type { Ended } from '#program.ts'
import type { ProcessAsk, RunnerAnswer, RunnerOptions, RunnerStatus } from '#runner-protocol.ts'
import { commandIn, type Stage, type Surroundings } from '#stage.ts'
import { GoneError, type Life, type OnReceived } from './life.ts'
import { LifeHere } from './life-here.ts'
import { ProcessLife } from './process-life.ts'

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

export interface LabPeerParts {
  /** Gets the texts of others; each life goes on behind the last one that was told. */
  readonly onReceived?: (text: string) => void
  readonly surroundings?: Surroundings
  /** Lives that need no surroundings are in this process. */
  readonly livesHere?: boolean
}

/** One peer, over all the lives that it has one after the other. */
export class LabPeer {
  readonly name: string
  readonly profile: string
  readonly #stage: Stage
  readonly #options: RunnerOptions
  readonly #surroundings: Surroundings
  readonly #livesHere: boolean
  readonly #onReceived: (text: string) => void
  #after: string | undefined
  #mayEnd = false
  #current: Life | undefined
  #life = Promise.withResolvers<Life>()

  constructor(
    stage: Stage,
    options: RunnerOptions,
    { onReceived = () => undefined, surroundings = {}, livesHere = false }: LabPeerParts = {},
  ) {
    this.name = options.name
    this.profile = options.profile
    this.#stage = stage
    this.#options = options
    this.#surroundings = surroundings
    this.#livesHere = livesHere
    this.#onReceived = onReceived
  }

  /** Its memory is its own, and what is done to its process is done to nobody else. */
  get livesApart(): boolean {
    return !this.#livesHere
  }

  /** Resolves when others find it, with the port where it listens for them; `isAlone` when no directory shall be waited for. */
  async start({
    isAlone = this.#options.directory === null,
    port: wanted = 0,
    under,
  }: StartOptions = {}): Promise<number> {
    const life = this.#begin(wanted, under)
    const port = await life.ready
    if (!isAlone) await this.#processOf(life).isOnline()
    this.#current = life
    this.#life.resolve(life)
    return port
  }

  /** Resolves when the process that lives now has been online at its directory. */
  async isOnline(): Promise<void> {
    await this.#processOf(await this.#life.promise).isOnline()
  }

  /** It starts, and is killed at that moment of its start. */
  async startAndKill({ at, afterMs }: StartMoment): Promise<void> {
    const { program, ready } = this.#processOf(this.#begin())
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
    const { program } = this.#processOf(await this.#end())
    await program.end('SIGKILL')
  }

  /** Until this resolves, the process that lives now may end by itself: with how it did. */
  async endsByItself(): Promise<Ended> {
    const life = this.#processOf(await this.#life.promise)
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
    await (await this.#end()).stop()
  }

  /** SIGSTOP, or SIGCONT, to the process that lives now. */
  async signal(signal: 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    this.#processOf(await this.#life.promise).program.signal(signal)
  }

  /** How often the text stands in the log of the process that lives now. */
  async countLogged(text: string): Promise<number> {
    const { program } = this.#processOf(await this.#life.promise)
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

  async #ask(asked: ProcessAsk): Promise<RunnerAnswer> {
    return (await this.#life.promise).ask(asked)
  }

  /** Whoever asks for a life from now on gets the next one. */
  #leave(life: Life): void {
    if (this.#current !== life) return
    this.#current = undefined
    this.#life = Promise.withResolvers()
  }

  #begin(port = 0, under = this.#surroundings.under): Life {
    const options = { ...this.#options, port, after: this.#after }
    const onReceived: OnReceived = ({ text, cursor }) => {
      this.#after = cursor
      this.#onReceived(text)
    }
    if (this.#livesHere && under === undefined)
      return this.#stage.host(this.name, () => new LifeHere(options, onReceived))
    const { env } = this.#surroundings
    const program = this.#stage.run({
      name: this.name,
      command: [...commandIn('runner', { ...this.#surroundings, under }), JSON.stringify(options)],
      isTalkative: true,
      ...(env !== undefined && { env }),
    })
    return new ProcessLife(program, onReceived)
  }

  #processOf(life: Life): ProcessLife {
    if (life instanceof ProcessLife) return life
    throw new Error(`${this.name} lives in the process of the laboratory, to which nobody does that`)
  }

  async #end(): Promise<Life> {
    const life = await this.#life.promise
    this.#leave(life)
    return life
  }
}
