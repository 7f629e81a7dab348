import { CROSSED_DIAL_WINDOW_MS } from '@parley/shared/limits.ts'
import { isPlanted } from '@parley/shared/planted-faults.ts'

export interface Contender {
  readonly direction: 'outbound' | 'inbound'
  readonly path: 'direct' | 'relay'
  /** When it came up, on a clock that only rises. */
  readonly openedAtMs: number
}

export interface Contest {
  readonly current: Contender
  readonly newer: Contender
  /** The process at the other end is the same as that of the current session. */
  readonly isSameBoot: boolean
  /** The other side dialled the newer one, and says it holds no other live session to this device. */
  readonly isAlone: boolean
  /** Of the two device keys mine is the lower: I decide for both. */
  readonly isLower: boolean
}

/** `newer` and `current` close the other; `wait` keeps both, uses the newer, and lets the other side tell. */
export type Winner = 'newer' | 'current' | 'wait'

/**
 * Which session stays when one device has two for one purpose. A peer that started again, or that lost its side of the
 * current session, is believed at once: what it does not hold is dead, however alive it looks from here. Otherwise one of
 * the two devices decides alone, so that they can never close one session each.
 *
 * When both dial at once both may say they are alone. That is safe: a hello is at most a few seconds old when it is
 * answered, less than the window, so the lower key keeps its own dial, or is told before it has one.
 */
export function whichSession({ current, newer, isSameBoot, isAlone, isLower }: Contest): Winner {
  if (!isSameBoot || isAlone || isPlanted('no-tie-break')) return 'newer'
  if (!isLower) return 'wait'
  const isCrossed =
    current.direction !== newer.direction && newer.openedAtMs - current.openedAtMs <= CROSSED_DIAL_WINDOW_MS
  if (isCrossed) return newer.direction === 'outbound' ? 'newer' : 'current'
  if (current.path !== newer.path) return newer.path === 'direct' ? 'newer' : 'current'
  return 'newer'
}
