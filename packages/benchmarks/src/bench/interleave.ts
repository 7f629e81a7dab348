import type { Contestant } from './contestant.ts'
import type { Load } from './load.ts'
import { Results } from './results.ts'
import { Scene } from './scene.ts'

export interface RunOptions {
  readonly rounds: number
  readonly load: Load
  readonly signal: AbortSignal
  readonly cpuProfiles?: string | undefined
  readonly onTurn?: (turn: Turn) => void
}

export interface Turn {
  readonly round: number
  readonly rounds: number
  readonly contestant: string
}

/**
 * Measures each contestant once in each round, so that whatever else the machine does falls on all alike. Every second round goes
 * backwards. Rejects with what a contestant threw, or the signal's reason.
 */
export async function interleave(
  contestants: readonly Contestant<string>[],
  { rounds, load, signal, cpuProfiles, onTurn = () => undefined }: RunOptions,
): Promise<Results> {
  const figures = new Map(contestants.map((contestant) => [contestant, [] as Readonly<Record<string, number>>[]]))
  for (let round = 1; round <= rounds; round += 1) {
    for (const contestant of round % 2 === 1 ? contestants : contestants.toReversed()) {
      signal.throwIfAborted()
      onTurn({ round, rounds, contestant: contestant.name })
      await using scene = await Scene.open({ signal, cpuProfiles, label: `${round}-${contestant.id}` })
      figures.get(contestant)?.push(await contestant.measure(scene, load))
    }
  }
  return new Results(figures)
}
