import type { Benchmark } from '#bench/benchmark.ts'
import type { Goal, Report, Row } from '#bench/report.ts'
import type { Results } from '#bench/results.ts'
import { MESSAGE_BYTES } from './flow.ts'
import { joinedTls } from './joined-tls.ts'
import { oneCommit } from './one-commit.ts'
import { parleyFlow, parleyLone } from './parley.ts'
import { rawTcp } from './raw-tcp.ts'

export const flowBenchmark: Benchmark = {
  name: 'flow',
  summary: 'messages one way and alone, beside raw TCP, TLS and one fsynced commit',
  // What is set against each other is measured one after the other.
  contestants: [joinedTls, rawTcp, parleyFlow, oneCommit, parleyLone],
  report: (results) => ({
    title: `${MESSAGE_BYTES}-byte messages between two processes on loopback`,
    columns: [
      { title: 'messages/s', digits: 0 },
      { title: '× raw TCP', digits: 2 },
      { title: 'CPU µs, sender', digits: 1 },
      { title: 'CPU µs, receiver', digits: 1 },
      { title: 'p50 µs', digits: 0 },
      { title: 'p99 µs', digits: 0 },
    ],
    rows: rowsOf(results),
    goals: goalsOf(results),
  }),
}

function rowsOf(results: Results): Report['rows'] {
  const flows = [rawTcp, joinedTls, parleyFlow].map(
    (contestant): Row => ({
      label: contestant.name,
      cells: [
        results.median(contestant, 'perSecond'),
        results.ratio([contestant, 'perSecond'], [rawTcp, 'perSecond']),
        results.median(contestant, 'senderMicros'),
        results.median(contestant, 'receiverMicros'),
      ],
    }),
  )
  const times = (label: string, p50: number, p99: number): Row => ({
    label,
    cells: [undefined, undefined, undefined, undefined, p50, p99],
  })
  return [
    ...flows,
    times(oneCommit.name, results.median(oneCommit, 'p50Micros'), results.median(oneCommit, 'p99Micros')),
    times(
      'Parley, one message at a time: commit to answer in hand',
      results.median(parleyLone, 'ackP50Micros'),
      results.median(parleyLone, 'ackP99Micros'),
    ),
    times(
      'Parley, one message at a time: commit to tick',
      results.median(parleyLone, 'tickP50Micros'),
      results.median(parleyLone, 'tickP99Micros'),
    ),
    times(
      'Parley, one message at a time: send() to tick',
      results.median(parleyLone, 'tripP50Micros'),
      results.median(parleyLone, 'tripP99Micros'),
    ),
  ]
}

function goalsOf(results: Results): Goal[] {
  return [
    {
      label: 'Parley ÷ raw TCP, messages/s',
      value: results.ratio([parleyFlow, 'perSecond'], [rawTcp, 'perSecond']),
      digits: 2,
      bound: { atLeast: 0.5 },
    },
    {
      label: 'commit to answer p50 ÷ one commit p50',
      value: results.ratio([parleyLone, 'ackP50Micros'], [oneCommit, 'p50Micros']),
      digits: 1,
      bound: { atMost: 4 },
    },
    {
      label: 'commit to answer p99 ÷ its p50',
      value: results.ratio([parleyLone, 'ackP99Micros'], [parleyLone, 'ackP50Micros']),
      digits: 1,
      bound: { atMost: 4 },
    },
    ...(['sender', 'receiver'] as const).flatMap((end): Goal[] => [
      {
        label: `${end}, MiB more per 100,000 messages`,
        value: results.median(parleyFlow, `${end}MiBPer100k`),
        digits: 2,
        bound: { atMost: 1 },
      },
      {
        label: `${end}, of that held by JavaScript`,
        value: results.median(parleyFlow, `${end}HeapMiBPer100k`),
        digits: 2,
        bound: { atMost: 1 },
      },
    ]),
  ]
}
