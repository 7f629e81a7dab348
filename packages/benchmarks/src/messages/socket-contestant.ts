// Two processes with a socket between them: the same for every contestant that is nothing but bytes.
import type { Contestant } from '#bench/contestant.ts'
import { figureOf } from '#bench/note.ts'
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
