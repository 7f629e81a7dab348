// Somebody comes back, and as many messages wait as an outbox holds.
import { MAX_OUTBOX_MESSAGES } from '@parley/shared/limits.ts'
import type { Benchmark } from '#bench/benchmark.ts'
import type { Contestant } from '#bench/contestant.ts'
import { loadNumbers, samplesOf } from '#bench/load.ts'
import { figureOf } from '#bench/note.ts'
import { startReceiver, startSender, verify } from './parley.ts'

const backlog: Contestant<'messages' | 'acceptMs' | 'deliverMs'> = {
  id: 'parley-backlog',
  name: 'Parley',
  measure: async (scene, load) => {
    const { child: receiver, ready } = await startReceiver(scene)
    const port = figureOf(ready, 'port')
    const sender = await startSender(scene, port)
    const warmUp = figureOf(await sender.ask('pour', loadNumbers(load)), 'messages')
    await receiver.end()
    const accepted = await sender.ask('queue', { messages: samplesOf(load, MAX_OUTBOX_MESSAGES) })
    const delivered = sender.ask('catchUp')
    await startReceiver(scene, port)
    const figures = {
      messages: figureOf(accepted, 'messages'),
      acceptMs: figureOf(accepted, 'ms'),
      deliverMs: figureOf(await delivered, 'ms'),
    }
    await scene.end()
    await verify(scene, warmUp + figureOf(accepted, 'messages'))
    return figures
  },
}

export const backlogBenchmark: Benchmark = {
  name: 'backlog',
  summary: 'somebody comes back to a full outbox',
  contestants: [backlog],
  report: (results) => ({
    title: `${results.median(backlog, 'messages').toLocaleString('en')} messages for somebody who was away`,
    columns: [
      { title: 'ms', digits: 0 },
      { title: 'messages/s', digits: 0 },
    ],
    rows: (
      [
        ['accepted, each of them durable', 'acceptMs'],
        ['from the session to the last tick', 'deliverMs'],
      ] as const
    ).map(([label, figure]) => {
      const ms = results.median(backlog, figure)
      return { label, cells: [ms, (results.median(backlog, 'messages') / ms) * 1000] }
    }),
    goals: [],
  }),
}
