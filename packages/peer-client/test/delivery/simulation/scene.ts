import { SeededRandom } from './random.ts'

/** What may happen in a run, so that what one thing excuses is checked in runs without it. */
export interface Scene {
  /** How many devices each account has at first. */
  readonly devices: readonly number[]
  readonly mayDamage: boolean
  readonly hasWrongClocks: boolean
  readonly hasDeadlines: boolean
  /** So long that few fit into a bundle: what waits is then sealed in several steps. */
  readonly hasLongTexts: boolean
  /** A device is given up in the middle: for ever, or until its return after a month. */
  readonly leaves: 'nobody' | 'for-ever' | 'for-long'
  /** Once in the run. */
  readonly incident: 'none' | 'set-back' | 'clone' | 'join' | 'restore'
}

const DEVICES = [
  [1, 1],
  [1, 1],
  [2, 1],
  [1, 2],
  [2, 2],
  [1, 1, 1],
] as const
const INCIDENTS = ['none', 'none', 'set-back', 'join', 'restore', 'clone', 'set-back'] as const

export function sceneOf(seed: number): Scene {
  const random = new SeededRandom(seed * 7_919 + 13)
  const devices = DEVICES[random.below(DEVICES.length)] ?? [1, 1]
  const incident = INCIDENTS[seed % INCIDENTS.length] ?? 'none'
  const mayLeave = devices.some((count) => count > 1) && random.chance(0.4)
  return {
    devices,
    incident,
    mayDamage: seed % 2 === 0,
    hasWrongClocks: random.chance(0.3),
    hasDeadlines: random.chance(0.4),
    hasLongTexts: seed % 11 === 0,
    leaves: mayLeave ? (random.chance(0.5) ? 'for-ever' : 'for-long') : 'nobody',
  }
}
