// What a connection costs that does nothing: resident memory of the server, after a collection, before and with so many of them.
import { setTimeout as delay } from 'node:timers/promises'
import type { Benchmark } from '#bench/benchmark.ts'
import type { Child } from '#bench/child.ts'
import type { Contestant } from '#bench/contestant.ts'
import { figureOf } from '#bench/note.ts'
import { programOf } from '#bench/programs.ts'
import type { Row } from '#bench/report.ts'
import { startParley } from './parley.ts'

/** Opened and closed before, so that code is compiled and buffers are there. */
const WARM_UP = 200
const SETTLE_MS = 500
const KIB = 1024

interface Figures {
  readonly kibEach: number
  readonly heapKibEach: number
}

function rawTcp(sockets: number): Contestant<keyof Figures> {
  return {
    id: `raw-tcp-${sockets}`,
    name: `raw TCP, ${sockets.toLocaleString('en-US')} connections`,
    measure: async (scene) => {
      const program = programOf('directory/raw-sockets')
      const { child: server, ready } = await scene.start({ name: 'server', program, args: [] })
      const client = await scene.start({ name: 'client', program: CLIENT, args: ['baseline'] })
      const figures = await hold(server, client.child, { port: figureOf(ready, 'port'), count: sockets })
      await scene.end()
      return figures
    },
  }
}

function parley(sockets: number): Contestant<keyof Figures> {
  return {
    id: `parley-${sockets}`,
    name: `Parley, ${sockets.toLocaleString('en-US')} devices online`,
    measure: async (scene) => {
      const dataDir = scene.path('data')
      const { child: client } = await scene.start({ name: 'client', program: CLIENT, args: ['directory'] })
      const first = await startParley(scene, dataDir)
      await client.ask('register', { port: first.port, count: sockets })
      await first.child.end()
      // What registering left behind in memory must not hide what is measured: the directory is another process now.
      const { child: server, port } = await startParley(scene, dataDir, { isQuiet: true })
      const figures = await hold(server, client, { port, count: sockets })
      await client.end()
      await server.end()
      return figures
    },
  }
}

async function hold(server: Child, client: Child, { port, count }: { port: number; count: number }): Promise<Figures> {
  await client.ask('enter', { port, count: WARM_UP })
  await client.ask('leave')
  const before = await server.ask('usage')
  await client.ask('enter', { port, count })
  await delay(SETTLE_MS)
  const after = await server.ask('usage')
  await client.ask('leave')
  const growth = (figure: string) => (figureOf(after, figure) - figureOf(before, figure)) / count / KIB
  return { kibEach: growth('rssBytes'), heapKibEach: growth('heapBytes') }
}

const CLIENT = programOf('directory/idle-client')

const pairs = [1_000, 10_000].map((sockets) => ({ sockets, raw: rawTcp(sockets), product: parley(sockets) }))

export const idleBenchmark: Benchmark = {
  name: 'idle',
  summary: 'memory of 1,000 and 10,000 connections that do nothing',
  contestants: pairs.flatMap(({ raw, product }) => [raw, product]),
  report: (results) => ({
    title: 'Memory of idle connections',
    columns: [
      { title: 'KiB resident, each', digits: 1 },
      { title: 'of that JavaScript', digits: 1 },
    ],
    rows: pairs.flatMap(({ raw, product }) =>
      [raw, product].map(
        (contestant): Row => ({
          label: contestant.name,
          cells: [results.median(contestant, 'kibEach'), results.median(contestant, 'heapKibEach')],
        }),
      ),
    ),
    goals: pairs.map(({ sockets, product }) => ({
      label: `KiB for each of ${sockets.toLocaleString('en-US')} devices online`,
      value: results.median(product, 'kibEach'),
      digits: 1,
      bound: { atMost: 8 },
    })),
  }),
}
