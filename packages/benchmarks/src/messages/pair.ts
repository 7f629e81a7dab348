// Two processes with a socket between them: the same for every contestant that is nothing but bytes.
import { once } from 'node:events'
import type { Server } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Contestant } from '#bench/contestant.ts'
import { figureOf } from '#bench/note.ts'
import { portOf } from '#bench/port.ts'
import { serveParent } from '#bench/serve-parent.ts'
import { type Pour, timePour } from './counted-frames.ts'
import { type FlowFigures, measureFlow } from './flow.ts'

interface SocketPair {
  readonly id: string
  readonly name: string
  /** A program that plays the receiver, or the sender to a port, by `playPair`. */
  readonly program: URL
}

export function socketContestant({ id, name, program }: SocketPair): Contestant<keyof FlowFigures> {
  return {
    id,
    name,
    measure: async (scene, load) => {
      const { child: receiver, ready } = await scene.start({ name: 'receiver', program, args: ['receiver'] })
      const port = figureOf(ready, 'port')
      const { child: sender } = await scene.start({ name: 'sender', program, args: ['sender', String(port)] })
      const figures = await measureFlow({ sender, receiver }, load)
      await scene.end()
      return figures
    },
  }
}

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
