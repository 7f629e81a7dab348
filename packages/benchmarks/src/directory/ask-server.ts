import type { Child } from '#bench/child.ts'
import type { Numbers } from '#bench/note.ts'
import { figureOf } from '#bench/note.ts'

export interface AskedFigures {
  readonly perSecond: number
  readonly p50Micros: number
  readonly p99Micros: number
  /** Processor time of the server for each request. */
  readonly serverMicros: number
}

interface Asked {
  readonly server: Child
  readonly client: Child
  readonly question: string
  readonly warmUp: Numbers
  readonly load: Numbers
}

/** Has the client ask the server, after a warm-up. */
export async function askServer({ server, client, question, warmUp, load }: Asked): Promise<AskedFigures> {
  await client.ask(question, warmUp)
  const before = await server.ask('usage')
  const figures = await client.ask(question, load)
  const after = await server.ask('usage')
  const requests = figureOf(figures, 'requests')
  return {
    perSecond: (requests / figureOf(figures, 'ms')) * 1000,
    p50Micros: figureOf(figures, 'p50Micros'),
    p99Micros: figureOf(figures, 'p99Micros'),
    serverMicros: (figureOf(after, 'cpuMicros') - figureOf(before, 'cpuMicros')) / requests,
  }
}
