// The product: two peers in two processes, made with the library, each with a profile on the disk.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { BenchError } from '#bench/bench-error.ts'
import type { Child } from '#bench/child.ts'
import type { Contestant } from '#bench/contestant.ts'
import { samplesOf } from '#bench/load.ts'
import { figureOf } from '#bench/note.ts'
import { PARLEY, programOf } from '#bench/programs.ts'
import type { Scene } from '#bench/scene.ts'
import { type Flow, type FlowFigures, measureFlow } from './flow.ts'

const LONE_WARM_UP = 200
const LONE_SAMPLES = 1_000

export const parleyFlow: Contestant<keyof FlowFigures> = {
  id: 'parley-flow',
  name: 'Parley: end-to-end encrypted, fsynced at both ends',
  measure: async (scene, load) => {
    const figures = await measureFlow(await startPeers(scene), load)
    await scene.end()
    await verify(scene, figures.messages)
    return figures
  },
}

const LONE_FIGURES = [
  'tripP50Micros',
  'tripP99Micros',
  'ackP50Micros',
  'ackP99Micros',
  'tickP50Micros',
  'tickP99Micros',
] as const
type LoneFigure = (typeof LONE_FIGURES)[number]

export const parleyLone: Contestant<LoneFigure> = {
  id: 'parley-lone',
  name: 'Parley: one message at a time',
  measure: async (scene, load) => {
    const warmUp = samplesOf(load, LONE_WARM_UP)
    const samples = samplesOf(load, LONE_SAMPLES)
    const { sender } = await startPeers(scene)
    await sender.ask('lone', { samples: warmUp })
    const figures = await sender.ask('lone', { samples })
    await scene.end()
    await verify(scene, warmUp + samples)
    return {
      tripP50Micros: figureOf(figures, 'tripP50Micros'),
      tripP99Micros: figureOf(figures, 'tripP99Micros'),
      ackP50Micros: figureOf(figures, 'ackP50Micros'),
      ackP99Micros: figureOf(figures, 'ackP99Micros'),
      tickP50Micros: figureOf(figures, 'tickP50Micros'),
      tickP99Micros: figureOf(figures, 'tickP99Micros'),
    }
  },
}

/** Two processes, the sender connected to the receiver. */
export async function startPeers(scene: Scene): Promise<Flow> {
  const { child: receiver, ready } = await startReceiver(scene)
  return { sender: await startSender(scene, figureOf(ready, 'port')), receiver }
}

/** On a free port, or on the one that it had before. */
export function startReceiver(scene: Scene, port = 0): ReturnType<Scene['start']> {
  const program = programOf('messages/parley-receiver')
  return scene.start({ name: 'receiver', program, args: [scene.path('receiver'), String(port)] })
}

export async function startSender(scene: Scene, port: number): Promise<Child> {
  const program = programOf('messages/parley-sender')
  return (await scene.start({ name: 'sender', program, args: [scene.path('sender'), `127.0.0.1:${port}`] })).child
}

/** Both databases agree that exactly so many messages were delivered. Rejects with BenchError `not-verified`. */
export async function verify(scene: Scene, messages: number): Promise<void> {
  const args = ['verify-ledger', scene.path('sender'), scene.path('receiver'), '--json']
  const { stdout } = await promisify(execFile)(process.execPath, [PARLEY, ...args], {
    signal: scene.signal,
  }).catch((cause: unknown) => {
    throw new BenchError('not-verified', `parley ${args.join(' ')} found something wrong`, { cause })
  })
  const delivered = deliveredOf(JSON.parse(stdout))
  if (delivered === messages) return
  throw new BenchError('not-verified', `${messages} messages were counted, the ledgers prove ${String(delivered)}`)
}

function deliveredOf(report: unknown): unknown {
  if (typeof report !== 'object' || report === null || !('checked' in report)) return undefined
  const { checked } = report
  return typeof checked === 'object' && checked !== null && 'delivered' in checked ? checked.delivered : undefined
}
