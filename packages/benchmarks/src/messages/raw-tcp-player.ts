// Either end of the baseline raw-tcp.ts.
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { Duplex } from 'node:stream'
import { countFrames, messageFrame } from './counted-frames.ts'
import { playPair } from './play-pair.ts'

/** Never two messages in one write: the next one waits until the kernel has taken this one, which is at once while it has room. */
async function writeEach(socket: Duplex, more: () => boolean): Promise<number> {
  let messages = 0
  let wake = () => {}
  const onWritten = () => wake()
  while (more()) {
    messages += 1
    socket.write(messageFrame(), onWritten)
    // Callbacks of earlier messages come late, so one may wake this for nothing.
    while (socket.writableLength > 0) {
      const { promise, resolve } = Promise.withResolvers<void>()
      wake = resolve
      await promise
    }
  }
  return messages
}

await playPair({
  server: () => createServer({ noDelay: true }, countFrames),
  connect: async (port) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true })
    await once(socket, 'connect')
    return socket
  },
  pour: writeEach,
})
