// Connections that are in the way: half of them say nothing, half send their header a byte at a time. The directory cuts them off
// after its time-outs, and they come back at once.
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { figureOf } from '#bench/note.ts'
import { serveParent } from '#bench/serve-parent.ts'

const [, , port = ''] = process.argv
const TRICKLE_MS = 1_000
const REQUEST = Buffer.from(`GET /v1/users/nobody HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ${'s'.repeat(600)}\r\n\r\n`)
/** New connections at once while the crowd gathers, so that the queue of the listening socket suffices. */
const AT_ONCE = 200

const crowd = new Set<Socket>()
let isOver = false

function join(isSlow: boolean): void {
  const socket = connect({ host: '127.0.0.1', port: Number(port) })
  let sent = 0
  const trickle = setInterval(() => {
    if (!isSlow || sent === REQUEST.length) return
    socket.write(REQUEST.subarray(sent, sent + 1))
    sent += 1
  }, TRICKLE_MS)
  crowd.add(socket)
  socket.on('error', () => {}).resume()
  socket.on('close', () => {
    clearInterval(trickle)
    crowd.delete(socket)
    if (!isOver) setImmediate(() => join(isSlow))
  })
}

await serveParent(
  {},
  {
    gather: async (numbers) => {
      const count = figureOf(numbers, 'count')
      for (let joined = 0; joined < count; joined += AT_ONCE) {
        for (let index = 0; index < AT_ONCE; index += 1) join(index % 2 === 0)
        await delay(20)
      }
      return { connections: crowd.size }
    },
    count: () => ({ connections: crowd.size }),
  },
)
isOver = true
process.exit()
