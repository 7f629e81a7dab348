// GET /v1/users/{name}: users at random, each asked for before, on 32 connections that are kept alive.
import type { Benchmark } from '#bench/benchmark.ts'
import type { Contestant } from '#bench/contestant.ts'
import { type Load, loadNumbers } from '#bench/load.ts'
import { figureOf } from '#bench/note.ts'
import { programOf } from '#bench/programs.ts'
import type { Row } from '#bench/report.ts'
import type { Scene } from '#bench/scene.ts'
import { type AskedFigures, askServer } from './ask-server.ts'
import { startParley } from './parley.ts'
import { populate } from './populate.ts'

const CONNECTIONS = 32
/** Means nothing to a directory that knows no dates of change, but is only looked at by Express. */
const TO_EXPRESS = 'If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT'

export function lookupBenchmark(users: number): Benchmark {
  const nodeMap: Contestant<keyof AskedFigures> = {
    id: 'node-map',
    name: 'node:http + Map',
    measure: async (scene, load) => {
      const program = programOf('directory/node-map')
      const { child, ready } = await scene.start({ name: 'server', program, args: [String(users)] })
      return lookUp(scene, { server: child, port: figureOf(ready, 'port'), users, load })
    },
  }
  const parley = (id: string, name: string, header?: string): Contestant<keyof AskedFigures> => ({
    id,
    name,
    measure: async (scene, load) => {
      const dataDir = scene.path('data')
      await populate(dataDir, users)
      const { child, port } = await startParley(scene, dataDir)
      return lookUp(scene, { server: child, port, users, load, header })
    },
  })
  const product = parley('parley', 'Parley')
  const express = parley('parley-express', 'Parley, what Express alone would answer', TO_EXPRESS)
  return {
    name: 'lookup',
    summary: `GET /v1/users/{name} among ${users} users, ${CONNECTIONS} connections`,
    contestants: [nodeMap, product, express],
    report: (results) => ({
      title: `Lookup by name, ${users.toLocaleString('en-US')} users, ${CONNECTIONS} connections`,
      columns: [
        { title: 'requests/s', digits: 0 },
        { title: '× node:http', digits: 2 },
        { title: 'p50 µs', digits: 0 },
        { title: 'p99 µs', digits: 0 },
        { title: 'CPU µs, server', digits: 1 },
      ],
      rows: [nodeMap, product, express].map(
        (contestant): Row => ({
          label: contestant.name,
          cells: [
            results.median(contestant, 'perSecond'),
            results.ratio([contestant, 'perSecond'], [nodeMap, 'perSecond']),
            results.median(contestant, 'p50Micros'),
            results.median(contestant, 'p99Micros'),
            results.median(contestant, 'serverMicros'),
          ],
        }),
      ),
      goals: [
        {
          label: 'lookup ÷ node:http + Map, requests/s',
          value: results.ratio([product, 'perSecond'], [nodeMap, 'perSecond']),
          digits: 2,
          bound: { atLeast: 1 },
        },
        {
          label: 'lookup p99 ÷ that of node:http + Map',
          value: results.ratio([product, 'p99Micros'], [nodeMap, 'p99Micros']),
          digits: 2,
          bound: { atMost: 1.3 },
        },
      ],
    }),
  }
}

interface Lookups {
  readonly server: Parameters<typeof askServer>[0]['server']
  readonly port: number
  readonly users: number
  readonly load: Load
  readonly header?: string | undefined
}

export async function lookUp(scene: Scene, { server, port, users, load, header }: Lookups): Promise<AskedFigures> {
  const { child: client } = await scene.start({
    name: 'client',
    program: programOf('directory/lookup-client'),
    args: [port, users, CONNECTIONS, ...(header === undefined ? [] : [header])].map(String),
  })
  // What is measured is a directory that has been up for a while, not one that sees everybody for the first time.
  await client.ask('askForEach')
  const numbers = loadNumbers(load)
  const figures = await askServer({ server, client, question: 'ask', warmUp: numbers, load: numbers })
  await scene.end()
  return figures
}
