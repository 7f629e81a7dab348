// Baseline: TCP sockets that are told of events, each event in a write of its own to each of them. An event is a byte on the socket
// that came to the other port.
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { portOf } from '#bench/port.ts'
import { serveParent } from '#bench/serve-parent.ts'
import { EVENT_BYTES } from './event-bytes.ts'

const EVENT = Buffer.alloc(EVENT_BYTES, 'e')

const watchers = new Set<Socket>()

async function listen(onSocket: (socket: Socket) => void): Promise<Server> {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy())
    onSocket(socket)
  }).listen({ port: 0, host: '127.0.0.1', backlog: 1_024 })
  await once(server, 'listening')
  return server
}

const watching = await listen((socket) => {
  watchers.add(socket)
  socket.on('close', () => watchers.delete(socket)).resume()
})
const telling = await listen((socket) => {
  socket.on('data', (events: Buffer) => {
    for (let left = events.length; left > 0; left -= 1) for (const watcher of watchers) watcher.write(EVENT)
  })
})

await serveParent({ port: portOf(watching), eventPort: portOf(telling) }, {})
for (const watcher of watchers) watcher.destroy()
watching.close()
telling.close()
