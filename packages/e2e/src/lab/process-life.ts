import { readJson } from '#json-lines.ts'
import type { Program } from '#program.ts'
import { type ProcessAsk, type RunnerAnswer, RunnerLine } from '#runner-protocol.ts'
import { GoneError, type Life, type OnReceived } from './life.ts'

const ONLINE = /(?<!not )online at the directory/

/** In a process of its own: a runner. */
export class ProcessLife implements Life {
  readonly program: Program
  readonly ready: Promise<number>
  readonly #asked = new Map<number, PromiseWithResolvers<RunnerAnswer>>()
  #lastId = 0

  constructor(program: Program, onReceived: OnReceived) {
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

  /** Resolves when it has been online at its directory. */
  isOnline(): Promise<void> {
    return this.program.logged(ONLINE)
  }

  ask(asked: ProcessAsk): Promise<RunnerAnswer> {
    if (!this.program.isRunning) return Promise.reject(new GoneError(`${this.program.name} ended`))
    const answer = Promise.withResolvers<RunnerAnswer>()
    this.#lastId += 1
    this.#asked.set(this.#lastId, answer)
    this.program.write(`${JSON.stringify({ ...asked, id: this.#lastId })}\n`)
    return answer.promise
  }

  async stop(): Promise<void> {
    this.program.closeInput()
    const { exitCode } = await this.program.exit()
    if (exitCode !== 0) throw new Error(this.program.report())
  }

  #take(id: number): PromiseWithResolvers<RunnerAnswer> | undefined {
    const answer = this.#asked.get(id)
    this.#asked.delete(id)
    return answer
  }
}
