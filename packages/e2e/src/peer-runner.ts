// A peer made with the library, in a process of its own, driven by JSON lines. It ends when its standard input does.
import { createInterface } from 'node:readline'
import { HostedPeer } from './hosted-peer.ts'
import { DISK_FAILED, RunnerLine, RunnerOptions, RunnerRequest } from './runner-protocol.ts'

function say(line: RunnerLine): void {
  process.stdout.write(`${JSON.stringify(RunnerLine.parse(line))}\n`)
}

async function answer(peer: HostedPeer, { id, ...asked }: RunnerRequest): Promise<void> {
  try {
    if (asked.do === 'set-clock') {
      const { setClock } = await import('./moving-clock.ts')
      setClock(asked.ms)
      say({ event: 'answer', id })
    } else say({ event: 'answer', id, ...(await peer.answer(asked)) })
  } catch (error) {
    say({ event: 'failed', id, reason: error instanceof Error ? `${error.name}: ${error.message}` : String(error) })
  }
}

const onLog = (line: string) => process.stderr.write(`${line}\n`)
const peer = await HostedPeer.start(RunnerOptions.parse(JSON.parse(process.argv[2] ?? '')), {
  onReceived: (received) => say({ event: 'received', ...received }),
  onLog,
  onBroken: (error) => {
    onLog(`the disk failed ${error.stack}`)
    // At once, as a program must that can keep no promise any more.
    process.exit(DISK_FAILED)
  },
})
say({ event: 'ready', port: peer.port, account: peer.account })

const working = new Set<Promise<void>>()
for await (const line of createInterface({ input: process.stdin })) {
  const work = answer(peer, RunnerRequest.parse(JSON.parse(line))).finally(() => working.delete(work))
  working.add(work)
}
await peer.stop()
await Promise.all(working)
