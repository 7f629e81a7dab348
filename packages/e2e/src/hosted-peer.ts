import { createPeer, type Peer } from '@parley/peer-client'
import type { RunnerAnswer, RunnerAsk, RunnerOptions, RunnerReceived, RunnerStatus } from './runner-protocol.ts'

export interface Tellings {
  /** What was received, in its order, from `after` of its options on. */
  readonly onReceived: (received: RunnerReceived) => void
  /** A line of its log. */
  readonly onLog: (line: string) => void
  /** Its disk failed, and it can keep no promise any more. */
  readonly onBroken: (error: Error) => void
}

/** A peer made with the library that does what it is asked, in whatever process it is. */
export class HostedPeer {
  readonly #peer: Peer
  readonly #telling: Promise<void>

  private constructor(peer: Peer, telling: Promise<void>) {
    this.#peer = peer
    this.#telling = telling
  }

  /** Resolves when it listens. */
  static async start(
    { name, profile, directory, host, port, peers, after }: RunnerOptions,
    { onReceived, onLog, onBroken }: Tellings,
  ): Promise<HostedPeer> {
    const log = (fields: object, event: string) => onLog(lineOf(fields, event))
    const levels = { debug: () => undefined, info: log, warn: log, error: log }
    const peer = createPeer({ name, profile, directory, listen: { host, port }, peers, log: levels, onBroken })
    await peer.start()
    return new HostedPeer(peer, tellReceived(peer, after, onReceived))
  }

  get port(): number {
    return this.#peer.address.port
  }

  get account(): string {
    return this.#peer.identity.accountId
  }

  /** Rejects as the library does. */
  async answer(asked: RunnerAsk): Promise<RunnerAnswer> {
    switch (asked.do) {
      case 'send':
        return { message: await this.#peer.send(asked.to, asked.text, { idempotencyKey: asked.key }) }
      case 'connect':
        await this.#peer.connect(asked.target)
        return {}
      case 'disconnect':
        await this.#peer.disconnect(asked.target)
        return {}
      case 'status':
        return { status: this.#status() }
    }
  }

  /** Resolves when all that was received is told. */
  async stop(): Promise<void> {
    await this.#peer.stop()
    await this.#telling
  }

  #status(): RunnerStatus {
    const connected = this.#peer.peers().filter(({ link }) => link.state === 'connected')
    return {
      pending: this.#peer.pending(),
      connected: connected.map(({ name }) => name),
      rssBytes: process.memoryUsage.rss(),
    }
  }
}

async function tellReceived(peer: Peer, after: string | undefined, tell: Tellings['onReceived']): Promise<void> {
  const received = peer.receive(after === undefined ? {} : { after })
  for await (const { with: from, text, cursor } of received) tell({ from, text, cursor })
}

function lineOf(fields: object, event: string): string {
  const text = JSON.stringify(fields, (_, value: unknown) => (value instanceof Error ? value.stack : value))
  return `${new Date().toISOString()} ${event} ${text}`
}
