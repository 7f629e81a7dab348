import type { HostedPeer } from '#hosted-peer.ts'
import type { ProcessAsk, RunnerAnswer, RunnerOptions } from '#runner-protocol.ts'
import type { Actor } from '#stage.ts'
import { GoneError, type Life, type OnReceived } from './life.ts'

const REPORTED_LINES = 25

/** In this process, beside the laboratory. */
export class LifeHere implements Life, Actor {
  readonly ready: Promise<number>
  readonly #name: string
  readonly #peer: Promise<HostedPeer>
  readonly #log: string[] = []
  #stopping: Promise<void> | undefined

  constructor(options: RunnerOptions, onReceived: OnReceived) {
    this.#name = options.name
    this.#peer = this.#start(options, onReceived)
    this.ready = this.#peer.then(({ port }) => port)
    // Whoever stops it without having waited for it is told by `stop`.
    this.ready.catch(() => undefined)
  }

  get isRunning(): boolean {
    return this.#stopping === undefined
  }

  async ask(asked: ProcessAsk): Promise<RunnerAnswer> {
    if (asked.do === 'set-clock') throw new Error(`${this.#name} has the clock of the laboratory`)
    const peer = await this.#peer
    if (!this.isRunning) throw new GoneError(`${this.#name} ended`)
    return peer.answer(asked)
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#peer.then((peer) => peer.stop())
    return this.#stopping
  }

  report(): string {
    return [`— ${this.#name} (${this.isRunning ? 'running' : 'ended'} here)`, ...this.#log].join('\n')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop().catch(() => undefined)
  }

  async #start(options: RunnerOptions, onReceived: OnReceived): Promise<HostedPeer> {
    // A laboratory whose peers all have processes of their own needs no peer-client itself.
    const { HostedPeer } = await import('#hosted-peer.ts')
    const onLog = (line: string) => {
      this.#log.push(line)
      if (this.#log.length > REPORTED_LINES) this.#log.shift()
    }
    return HostedPeer.start(options, {
      onReceived,
      onLog,
      onBroken: (error) => onLog(`the disk failed ${error.stack}`),
    })
  }
}
