// What the two processes of socket-contestant.ts do.
import { once } from 'node:events'
import type { Server } from 'node:net'
import type { Duplex } from 'node:stream'
import { portOf } from '#bench/port.ts'
import { serveParent } from '#bench/serve-parent.ts'
import { type Pour, timePour } from './counted-frames.ts'

interface PairParts {
  /** Its sockets count frames. */
  readonly server: () => Server
  /** Resolves when the socket is up. */
  readonly connect: (port: number) => Promise<Duplex>
  readonly pour: Pour
}

/** Plays the part that the command line names. */
export async function playPair({ server, connect, pour }: PairParts): Promise<void> {
  const [, , role, port = ''] = process.argv
  if (role === 'receiver') {
    const listening = server().listen(0, '127.0.0.1')
    await once(listening, 'listening')
    await serveParent({ port: portOf(listening) }, {})
    listening.close()
  } else {
    const socket = await connect(Number(port))
    await serveParent({}, { pour: (load) => timePour(socket, pour, load) })
    socket.destroy()
  }
}
