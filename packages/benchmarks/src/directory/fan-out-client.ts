// Watchers, and what they are told of: events follow each other so that some are always under way. An event has happened when the
// watcher who is told last was told; at the end all must have received the same number of bytes.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { figureOf } from '#bench/note.ts'
import { serveParent } from '#bench/serve-parent.ts'
import { EVENT_BYTES } from './event-bytes.ts'
import { audienceAt } from './people.ts'
import { enter, inTurns, newVisitors, readFrame } from './presence-sockets.ts'

const [, , kind, port = '', eventPort = '', watcherCount = '', eventCount = ''] = process.argv

interface FanOut {
  readonly watchers: readonly Socket[]
  /** Makes an event happen. */
  readonly cause: (event: number) => void
  /** Calls `told` with the number of events that the last watcher was just told of. */
  readonly onTold: (told: (events: number) => void) => void
}

async function atDirectory(watchers: number, events: number): Promise<FanOut> {
  const audience = await audienceAt(Number(port))
  const actors = await newVisitors(Number(port), audience, { count: events, prefix: 'actor', perAccount: 1 })
  const audiences = await newVisitors(Number(port), audience, { count: watchers, prefix: 'watcher' })
  const onStage = await inTurns(actors, (actor) => enter(Number(port), audience, actor))
  for (const { socket } of onStage)
    socket
      .removeAllListeners('close')
      .removeAllListeners('error')
      .on('error', () => {})
  const names = actors.map(({ person }) => person.name)
  const seated = await inTurns(audiences.slice(0, -1), (visitor) => enter(Number(port), audience, visitor, names))
  // Only bytes are counted here: to understand them would cost more than to send them.
  for (const { tcp } of seated) tcp.removeAllListeners('data').on('data', () => {})
  const last = await inTurns(audiences.slice(-1), (visitor) => enter(Number(port), audience, visitor, names))
  return {
    watchers: [...seated, ...last].map(({ tcp }) => tcp),
    cause: (event) => onStage[event]?.tcp.destroy(),
    onTold: (told) =>
      last[0]?.socket.on('message', (data) => {
        const frame = readFrame(data)
        if (frame.type === 'presence') told(frame.changes.length)
      }),
  }
}

async function atBaseline(count: number): Promise<FanOut> {
  const open = async (to: string) => {
    const socket = connect({ host: '127.0.0.1', port: Number(to), noDelay: true })
    await once(socket, 'connect')
    return socket.resume()
  }
  const teller = await open(eventPort)
  const watchers = await inTurns(Array.from({ length: count }), () => open(port))
  return {
    watchers,
    cause: () => teller.write('e'),
    onTold: (told) => {
      let rest = 0
      watchers.at(-1)?.on('data', (chunk: Buffer) => {
        rest += chunk.length
        told(Math.floor(rest / EVENT_BYTES))
        rest %= EVENT_BYTES
      })
    },
  }
}

const { watchers, cause, onTold } =
  kind === 'directory'
    ? await atDirectory(Number(watcherCount), Number(eventCount))
    : await atBaseline(Number(watcherCount))
const before = watchers.map((watcher) => watcher.bytesRead)
let told = 0
let wake = () => {}
onTold((events) => {
  told += events
  wake()
})

async function tellAll(events: number, inFlight: number): Promise<number> {
  const start = performance.now()
  for (let caused = 0; told < events; ) {
    while (caused < events && caused - told < inFlight) cause(caused++)
    const { promise, resolve } = Promise.withResolvers<void>()
    wake = resolve
    await promise
  }
  const received = () => new Set(watchers.map((watcher, index) => watcher.bytesRead - (before[index] ?? 0)))
  while (received().size > 1) await delay(1)
  return performance.now() - start
}

await serveParent(
  {},
  {
    tell: async (numbers) => ({ ms: await tellAll(figureOf(numbers, 'events'), figureOf(numbers, 'inFlight')) }),
  },
)
for (const watcher of watchers) watcher.destroy()
process.exit()
