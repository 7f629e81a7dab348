// A peer made with the library, in a process of its own, driven by JSON lines. It ends when its standard input does.
import { createInterface } from 'node:readline'
import { createPeer, type Peer } from '@parley/peer-client'
import { RunnerLine, RunnerOptions, RunnerRequest } from './runner-protocol.ts'

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
      case 'settle':
        await settle(peer)
        return say({ event: 'answer', id })
    }
  } catch (error) {
    say({ event: 'failed', id, reason: error instanceof Error ? `${error.name}: ${error.message}` : String(error) })
  }
}

/** Resolves when nothing waits to be delivered. */
async function settle(peer: Peer): Promise<void> {
  const enough = new AbortController()
  const happenings = peer.happenings(enough.signal)
  try {
    if (peer.pending() === 0) return
    for await (const { kind } of happenings) {
      if (kind === 'delivered' && peer.pending() === 0) return
    }
  } finally {
    enough.abort()
  }
}

async function tellReceived(peer: Peer, after: string | undefined): Promise<void> {
  const received = peer.receive(after === undefined ? {} : { after })
  for await (const { with: from, text, cursor } of received) say({ event: 'received', from, text, cursor })
}

const { name, profile, directory, port, peers, after } = RunnerOptions.parse(JSON.parse(process.argv[2] ?? ''))
const listen = { port }
const levels = { debug: () => undefined, info: log, warn: log, error: log }
const peer = createPeer({ name, profile, directory, listen, peers, log: levels })
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
