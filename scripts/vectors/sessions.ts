import { CROSSED_DIAL_WINDOW_MS } from '@parley/shared/limits.ts'
import { toJson, type VectorFile } from './json.ts'

interface Contender {
  readonly direction: 'outbound' | 'inbound'
  readonly path: 'direct' | 'relay'
  readonly openedAtMs: number
}

interface Contest {
  readonly current: Contender
  readonly newer: Contender
  readonly isSameBoot: boolean
  readonly isAlone: boolean
  readonly isLower: boolean
}

const OUTBOUND = { direction: 'outbound', path: 'direct', openedAtMs: 0 } as const
const CONTENDERS: readonly Contender[] = [
  OUTBOUND,
  { ...OUTBOUND, path: 'relay' },
  { ...OUTBOUND, direction: 'inbound' },
  { ...OUTBOUND, direction: 'inbound', path: 'relay' },
]

/** Every case that the lower key decides, and each way in which it is not the lower key that decides. */
function contests(): Contest[] {
  const decided = { isSameBoot: true, isAlone: false, isLower: true }
  const others = [
    { ...decided, isLower: false },
    { ...decided, isAlone: true },
    { ...decided, isSameBoot: false },
    { isSameBoot: true, isAlone: true, isLower: false },
    { isSameBoot: false, isAlone: false, isLower: false },
    { isSameBoot: false, isAlone: true, isLower: true },
    { isSameBoot: false, isAlone: true, isLower: false },
  ]
  const apart = [0, CROSSED_DIAL_WINDOW_MS, CROSSED_DIAL_WINDOW_MS + 1]
  const pairs = CONTENDERS.flatMap((current) =>
    CONTENDERS.flatMap((newer) => apart.map((openedAtMs) => ({ current, newer: { ...newer, openedAtMs } }))),
  )
  const crossed = { current: OUTBOUND, newer: { ...OUTBOUND, direction: 'inbound', path: 'relay' } } as const
  return [...pairs.map((pair) => ({ ...pair, ...decided })), ...others.map((facts) => ({ ...crossed, ...facts }))]
}

/** The rule in its own words, and not by the code that the vectors are there to check. */
function staying({ current, newer, isSameBoot, isAlone, isLower }: Contest): 'current' | 'newer' | 'wait' {
  if (!isSameBoot) return 'newer'
  if (isAlone) return 'newer'
  if (!isLower) return 'wait'
  const mine = [current, newer].filter(({ direction }) => direction === 'outbound')
  if (mine.length === 1 && newer.openedAtMs <= CROSSED_DIAL_WINDOW_MS) return mine[0] === current ? 'current' : 'newer'
  const direct = [current, newer].filter(({ path }) => path === 'direct')
  if (direct.length === 1) return direct[0] === current ? 'current' : 'newer'
  return 'newer'
}

export function sessions(): VectorFile {
  return {
    about:
      'Which of two sessions between the same devices, for the same purpose, stays. `wait`: keep both until the other side tells.',
    entries: contests().map((contest) => ({ kind: 'session', contest: toJson(contest), stays: staying(contest) })),
  }
}
