import { createHash } from 'node:crypto'
import { type Random, seeded } from '#random.ts'
import type { Requirement } from '#requirements.ts'
import type { Lab } from './lab.ts'

/** How much happens. */
export interface Size {
  /** About how many messages. */
  readonly messages: number
  /** How many faults fall on them. */
  readonly strikes: number
}

export interface ScenarioSpec<Plan> {
  readonly name: string
  /** One line for people. */
  readonly summary: string
  readonly needs?: readonly Requirement[]
  /** When nothing else is asked for; small enough for the tests. */
  readonly size: Size
  /** False while it is not among those that the tests play. */
  readonly isQuick?: boolean
  /** Everything that is left to chance, as plain data: the same random numbers give the same plan. */
  plan(random: Random, size: Size): Plan
  /** Rejects when something is wrong. What all scenarios end with is not its business. */
  play(lab: Lab, plan: Plan): Promise<void>
}

export interface Scenario extends Omit<ScenarioSpec<unknown>, 'plan' | 'play'> {
  readonly needs: readonly Requirement[]
  readonly isQuick: boolean
  prepare(seed: number, size?: Size): Schedule
}

/** A scenario for one seed and size. */
export interface Schedule {
  readonly plan: unknown
  /** The same for the same plan. */
  readonly hash: string
  play(lab: Lab): Promise<void>
}

export function scenario<Plan>(spec: ScenarioSpec<Plan>): Scenario {
  const { name, summary, needs = [], isQuick = true, size: usual } = spec
  return {
    name,
    summary,
    needs,
    isQuick,
    size: usual,
    prepare(seed, size = usual) {
      // Seeds that are near each other shall not begin alike.
      const plan = spec.plan(seeded(sha256(`${name} ${seed}`).readInt32BE()), size)
      const hash = sha256(JSON.stringify(plan)).toString('hex', 0, 6)
      return { plan, hash, play: (lab) => spec.play(lab, plan) }
    },
  }
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
