// A peer made with the library, in a process of its own, driven by JSON lines. It ends when its standard input does.
import { createInterface } from 'node:readline'
import { createPeer, type Peer } from '@parley/peer-client'
import { DISK_FAILED, RunnerLine, RunnerOptions, RunnerRequest, type RunnerStatus } from './runner-protocol.ts'

function say(line: RunnerLine): void {
  process.stdout.write(`${JSON.stringify(RunnerLine.parse(line))}\n`)
}

function log(fields: object, event: string): void {
  const text = JSON.stringify(fields, (_, value: unknown) => (value instanceof Error ? value.stack : value))
  process.stderr.write(`${new Date().toISOString()} ${event} ${text}\n`)
}

async function answer(peer: Peer, request: RunnerRequest): Promise<void> {
  const { id } = request
  try {
    switch (request.do) {
      case 'send': {
        const message = await peer.send(request.to, request.text, { idempotencyKey: request.key })
        return say({ event: 'answer', id, message })
      }
      case 'connect':
        await peer.connect(request.target)
        return say({ event: 'answer', id })
      case 'disconnect':
        await peer.disconnect(request.target)
        return say({ event: 'answer', id })
      case 'status':
        return say({ event: 'answer', id, status: statusOf(peer) })
      case 'set-clock': {
        const { setClock } = await import('./moving-clock.ts')
        setClock(request.ms)
        return say({ event: 'answer', id })
      }
    }
  } catch (error) {
    say({ event: 'failed', id, reason: error instanceof Error ? `${error.name}: ${error.message}` : String(error) })
  }
}

function statusOf(peer: Peer): RunnerStatus {
  const connected = peer.peers().filter(({ link }) => link.state === 'connected')
  return { pending: peer.pending(), connected: connected.map(({ name }) => name), rssBytes: process.memoryUsage.rss() }
}

async function tellReceived(peer: Peer, after: string | undefined): Promise<void> {
  const received = peer.receive(after === undefined ? {} : { after })
  for await (const { with: from, text, cursor } of received) say({ event: 'received', from, text, cursor })
}

const { name, profile, directory, host, port, peers, after } = RunnerOptions.parse(JSON.parse(process.argv[2] ?? ''))
const listen = { host, port }
const levels = { debug: () => undefined, info: log, warn: log, error: log }
const onBroken = (error: Error) => {
  log({ error }, 'the disk failed')
  // At once, as a program must that can keep no promise any more.
  process.exit(DISK_FAILED)
}
const peer = createPeer({ name, profile, directory, listen, peers, log: levels, onBroken })
await peer.start()
const telling = tellReceived(peer, after)
say({ event: 'ready', port: peer.address.port, account: peer.identity.accountId })

const working = new Set<Promise<void>>()
for await (const line of createInterface({ input: process.stdin })) {
  const work = answer(peer, RunnerRequest.parse(JSON.parse(line))).finally(() => working.delete(work))
  working.add(work)
}
await peer.stop()
await Promise.all([telling, ...working])
