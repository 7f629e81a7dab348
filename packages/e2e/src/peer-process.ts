import type { MessageView } from '@parley/shared/local-api/messages.ts'
import { readJson } from './json-lines.ts'
import type { Program } from './program.ts'
import { RunnerLine, type RunnerOptions, type RunnerRequest } from './runner-protocol.ts'
import { COMMAND, type Stage } from './stage.ts'

type Ask<R = RunnerRequest> = R extends RunnerRequest ? Omit<R, 'id'> : never
type Answer = Extract<RunnerLine, { event: 'answer' }>
type Received = Extract<RunnerLine, { event: 'received' }>

/** The process went away before it answered. */
class GoneError extends Error {
  override readonly name = 'GoneError'
}

/** One peer, over all the processes in which it lives one after the other. */
export class PeerProcess {
  readonly profile: string
  readonly #stage: Stage
  readonly #options: RunnerOptions
  readonly #onReceived: (text: string) => void
  #after: string | undefined
  #life = Promise.withResolvers<Life>()

  /** `onReceived` gets the texts of others; each life goes on behind the last one that was told. */
  constructor(stage: Stage, options: RunnerOptions, onReceived: (text: string) => void = () => undefined) {
    this.profile = options.profile
    this.#stage = stage
    this.#options = options
    this.#onReceived = onReceived
  }

  /** Resolves when others find it, with the port where it listens for them. */
  async start(): Promise<number> {
    const { name } = this.#options
    const options = JSON.stringify({ ...this.#options, after: this.#after })
    const program = this.#stage.run({ name, command: [...COMMAND.runner, options] })
    const life = new Life(program, ({ text, cursor }) => {
      this.#after = cursor
      this.#onReceived(text)
    })
    const port = await life.ready
    if (this.#options.directory !== null) await program.logged('online at the directory')
    this.#life.resolve(life)
    return port
  }

  async kill(): Promise<void> {
    const { program } = await this.#end()
    await program.end('SIGKILL')
  }

  /** As a program ends that has nothing more to read. */
  async stop(): Promise<void> {
    const { program } = await this.#end()
    program.closeInput()
    const { exitCode } = await program.exit()
    if (exitCode !== 0) throw new Error(program.report())
  }

  /** Resolves once it is durable; asks again, under the same key, whoever lives after a kill. */
  async send(to: string, text: string, key: string): Promise<MessageView> {
    for (;;) {
      const life = await this.#life.promise
      try {
        const { message } = await life.ask({ do: 'send', to, text, key })
        if (message === undefined) throw new Error('no message in the answer')
        return message
      } catch (error) {
        // One that went without being killed is not waited for.
        if (!(error instanceof GoneError) || (await this.#life.promise) === life) throw error
      }
    }
  }

  async connect(target: string): Promise<void> {
    const life = await this.#life.promise
    await life.ask({ do: 'connect', target })
  }

  /** Resolves when nothing of its own waits to be delivered. */
  async settle(): Promise<void> {
    const life = await this.#life.promise
    await life.ask({ do: 'settle' })
  }

  async #end(): Promise<Life> {
    const life = await this.#life.promise
    this.#life = Promise.withResolvers()
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
