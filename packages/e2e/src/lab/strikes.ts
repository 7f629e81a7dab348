import { Gate } from '#gate.ts'
import type { Random } from '#random.ts'
import type { Lab, TalkOptions } from './lab.ts'
import type { LabPeer } from './lab-peer.ts'

const MAX_LEAD = 500

/** How far a talk of so many messages may run on while a fault lasts. */
function leadOf(messages: number): number {
  return Math.min(MAX_LEAD, Math.ceil(messages / 4))
}

export interface Strike {
  /** When so many texts were accepted or shown. */
  readonly at: number
}

export interface Talk extends TalkOptions {
  readonly from: LabPeer
  readonly to: LabPeer
}

/** Chooses moments in a talk of so many messages in all, in their order. */
export function moments(count: number, messages: number, random: Random): number[] {
  const last = Math.max(1, 2 * messages - leadOf(messages))
  return Array.from({ length: count }, () => random.below(last)).sort((a, b) => a - b)
}

/** All talks at once, while each strike falls at its moment; the next one waits until the one before is over. */
export async function talkUnderStrikes<S extends Strike>(
  lab: Lab,
  talks: readonly Talk[],
  strikes: readonly S[],
  strike: (one: S) => Promise<void>,
): Promise<void> {
  const { progress } = lab.books
  const lead = leadOf(talks.reduce((sum, { messages }) => sum + messages, 0))
  const start = progress.count
  const gate = new Gate()
  let next = strikes[0]
  let isOver = false
  const mayGoOn = async () => {
    if (next !== undefined && progress.count > start + next.at + lead) gate.close()
    if (!isOver) await gate.pass()
  }
  const strikeAll = async () => {
    try {
      for (const [index, one] of strikes.entries()) {
        if (lab.deadline.aborted) {
          lab.figures['strikes left out for lack of time'] = strikes.length - index
          return
        }
        await progress.reached(start + one.at)
        await strike(one)
        next = strikes[index + 1]
        gate.open()
      }
    } finally {
      isOver = true
      gate.open()
    }
  }
  await Promise.all([
    ...talks.map(({ from, to, ...options }) => lab.talk(from, to, { ...options, mayGoOn })),
    strikeAll(),
  ])
}
