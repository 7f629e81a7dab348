// What a message costs step by step, while they flow and alone. The steps tell how long they took; nothing else is measured by them.
import type { Benchmark } from '#bench/benchmark.ts'
import type { Contestant } from '#bench/contestant.ts'
import { loadNumbers, samplesOf } from '#bench/load.ts'
import { figureOf, type Numbers } from '#bench/note.ts'
import type { Row } from '#bench/report.ts'
import type { Results } from '#bench/results.ts'
import type { Flow } from './flow.ts'
import { startPeers, verify } from './parley.ts'

const LONE_WARM_UP = 500
const LONE_SAMPLES = 1_000

const FIGURES = [
  'flowSealMicros',
  'flowSendCommitMicros',
  'flowOpenMicros',
  'flowReceiveCommitMicros',
  'flowMicros',
  'flowMessagesPerSeal',
  'loneSealMicros',
  'loneSendCommitMicros',
  'loneNetworkMicros',
  'loneOpenMicros',
  'loneReceiveCommitMicros',
  'loneAnswerMicros',
  'loneAckMicros',
] as const
type Figure = (typeof FIGURES)[number]

const steps: Contestant<Figure> = {
  id: 'parley-steps',
  name: 'Parley, its steps',
  measure: async (scene, load) => {
    const peers = await startPeers(scene)
    const warmUp = await peers.sender.ask('pour', loadNumbers(load))
    const flow = await watched(peers, () => peers.sender.ask('pour', loadNumbers(load)))
    const alone = [samplesOf(load, LONE_WARM_UP), samplesOf(load, LONE_SAMPLES)] as const
    await peers.sender.ask('lone', { samples: alone[0] })
    const lone = await watched(peers, () => peers.sender.ask('lone', { samples: alone[1] }))
    await scene.end()
    const messages = figureOf(flow.figures, 'messages')
    await verify(scene, figureOf(warmUp, 'messages') + messages + alone[0] + alone[1])
    const each = (end: Numbers, figure: string) => (figureOf(end, figure) / messages) * 1000
    const ack = figureOf(lone.figures, 'ackP50Micros')
    const answer = figureOf(lone.receiver, 'answerP50Micros')
    return {
      flowSealMicros: each(flow.sender, 'sealMs'),
      flowSendCommitMicros: each(flow.sender, 'commitMs'),
      flowOpenMicros: each(flow.receiver, 'openMs'),
      flowReceiveCommitMicros: each(flow.receiver, 'commitMs'),
      flowMicros: (figureOf(flow.figures, 'ms') / messages) * 1000,
      flowMessagesPerSeal: messages / figureOf(flow.sender, 'seals'),
      loneSealMicros: figureOf(lone.sender, 'sealP50Micros'),
      loneSendCommitMicros: figureOf(lone.sender, 'commitP50Micros'),
      // From the write of one side to its being read by the other, both ways: what of the wait is not the receiver's work.
      loneNetworkMicros: ack - answer,
      loneOpenMicros: figureOf(lone.receiver, 'openP50Micros'),
      loneReceiveCommitMicros: figureOf(lone.receiver, 'commitP50Micros'),
      loneAnswerMicros: answer,
      loneAckMicros: ack,
    }
  },
}

async function watched(
  { sender, receiver }: Flow,
  work: () => Promise<Numbers>,
): Promise<Record<'figures' | 'sender' | 'receiver', Numbers>> {
  await sender.ask('watch')
  await receiver.ask('watch')
  const figures = await work()
  return { figures, sender: await sender.ask('spans'), receiver: await receiver.ask('spans') }
}

export const stepsBenchmark: Benchmark = {
  name: 'steps',
  summary: 'what a message costs step by step',
  contestants: [steps],
  report: (results) => ({
    title: 'One message, step by step (µs, wall clock)',
    columns: [
      { title: 'flowing', digits: 2 },
      { title: 'alone, p50', digits: 0 },
    ],
    rows: rowsOf(results),
    goals: [],
  }),
}

function rowsOf(results: Results): Row[] {
  const row = (label: string, flowing: Figure | undefined, alone: Figure | undefined): Row => ({
    label,
    cells: [flowing, alone].map((figure) => (figure === undefined ? undefined : results.median(steps, figure))),
  })
  return [
    row('sender: seal', 'flowSealMicros', 'loneSealMicros'),
    row('sender: commits, with fsync (alone: each of two)', 'flowSendCommitMicros', 'loneSendCommitMicros'),
    row('network and both event loops, there and back', undefined, 'loneNetworkMicros'),
    row('receiver: open', 'flowOpenMicros', 'loneOpenMicros'),
    row('receiver: commit, with fsync', 'flowReceiveCommitMicros', 'loneReceiveCommitMicros'),
    row('receiver: from the envelope read to the answer written', undefined, 'loneAnswerMicros'),
    row('in all (alone: from commit to answer in hand)', 'flowMicros', 'loneAckMicros'),
    row('messages in one seal', 'flowMessagesPerSeal', undefined),
  ]
}
