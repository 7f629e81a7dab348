// Sockets that do nothing: WebSockets of devices at a directory, or bare TCP connections.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { figureOf } from '#bench/note.ts'
import { serveParent } from '#bench/serve-parent.ts'
import { audienceAt } from './people.ts'
import { enter, inTurns, newVisitors, type Visitor } from './presence-sockets.ts'

const [, , kind] = process.argv
const open: Socket[] = []
let visitors: Visitor[] = []

await serveParent(
  {},
  {
    /** The accounts stay when the directory is another process. */
    register: async (numbers) => {
      const port = figureOf(numbers, 'port')
      const count = figureOf(numbers, 'count')
      visitors = await newVisitors(port, await audienceAt(port), { count, prefix: 'visitor' })
      return {}
    },
    enter: async (numbers) => {
      const port = figureOf(numbers, 'port')
      const count = figureOf(numbers, 'count')
      if (kind === 'directory') {
        const audience = await audienceAt(port)
        const entered = await inTurns(visitors.slice(0, count), (visitor) => enter(port, audience, visitor))
        for (const { socket, tcp } of entered) {
          socket
            .removeAllListeners('close')
            .removeAllListeners('error')
            .on('error', () => {})
          open.push(tcp)
        }
      } else {
        const connected = await inTurns(Array.from({ length: count }), async () => {
          const socket = connect({ host: '127.0.0.1', port })
          await once(socket, 'connect')
          return socket
        })
        open.push(...connected)
      }
      return {}
    },
    leave: async () => {
      const closed = open.splice(0).map((socket) => once(socket.destroy(), 'close'))
      await Promise.all(closed)
      return {}
    },
  },
)
process.exit()
