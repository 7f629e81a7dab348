import { CROSSED_DIAL_WINDOW_MS } from '@parley/shared/limits.ts'
import { describe, expect, test } from 'vitest'
import { type Contender, type Contest, type Winner, whichSession } from '#session/which-session.ts'

const inbound: Contender = { direction: 'inbound', path: 'direct', openedAtMs: 0 }
const outbound: Contender = { direction: 'outbound', path: 'direct', openedAtMs: 0 }
const within = CROSSED_DIAL_WINDOW_MS
const after = CROSSED_DIAL_WINDOW_MS + 1

function contest(current: Contender, newer: Contender, changes: Partial<Contest> = {}): Contest {
  return { current, newer, isSameBoot: true, isAlone: false, isLower: true, ...changes }
}

describe('which session stays', () => {
  const table: readonly (readonly [what: string, contest: Contest, winner: Winner])[] = [
    ['another boot replaces, for the one who decides', contest(outbound, inbound, { isSameBoot: false }), 'newer'],
    [
      'another boot replaces, for the one who does not decide',
      contest(outbound, inbound, { isSameBoot: false, isLower: false }),
      'newer',
    ],
    [
      'another boot replaces even a better path',
      contest(outbound, { ...inbound, path: 'relay' }, { isSameBoot: false }),
      'newer',
    ],
    ['a lone redial replaces, even within the window', contest(outbound, inbound, { isAlone: true }), 'newer'],
    [
      'a lone redial replaces, for the one who does not decide',
      contest(outbound, inbound, { isAlone: true, isLower: false }),
      'newer',
    ],
    ['the higher key waits to be told', contest(outbound, inbound, { isLower: false }), 'wait'],
    [
      'the higher key waits whatever the paths',
      contest({ ...outbound, path: 'relay' }, inbound, { isLower: false }),
      'wait',
    ],
    ['of crossed dials the lower key keeps its own, when that came first', contest(outbound, inbound), 'current'],
    ['of crossed dials the lower key keeps its own, when that came second', contest(inbound, outbound), 'newer'],
    [
      'of crossed dials the lower key keeps its own, though the other path is better',
      contest({ ...outbound, path: 'relay' }, inbound),
      'current',
    ],
    [
      'dials that cross at the end of the window cross',
      contest(outbound, { ...inbound, openedAtMs: within }),
      'current',
    ],
    [
      'dials after the window do not cross: equal paths, so the newer',
      contest(outbound, { ...inbound, openedAtMs: after }),
      'newer',
    ],
    [
      'a direct path replaces a relay',
      contest({ ...outbound, path: 'relay' }, { ...outbound, openedAtMs: 1 }),
      'newer',
    ],
    [
      'a relay does not replace a direct path',
      contest(outbound, { ...outbound, path: 'relay', openedAtMs: 1 }),
      'current',
    ],
    [
      'a relay does not replace a direct path that the other side dialled long ago',
      contest(inbound, { ...outbound, path: 'relay', openedAtMs: after }),
      'current',
    ],
    ['of equal paths the newer stays', contest(inbound, { ...inbound, openedAtMs: 1 }), 'newer'],
  ]

  test.each(table)('%s', (_what, contenders, winner) => {
    expect(whichSession(contenders)).toBe(winner)
  })

  test('two devices never close one session each, whoever dialled what, when and how', () => {
    const turned = (contender: Contender): Contender => ({
      ...contender,
      direction: contender.direction === 'inbound' ? 'outbound' : 'inbound',
    })
    for (const first of ['inbound', 'outbound'] as const)
      for (const second of ['inbound', 'outbound'] as const)
        for (const firstPath of ['direct', 'relay'] as const)
          for (const secondPath of ['direct', 'relay'] as const)
            for (const openedAtMs of [0, within, after]) {
              const one = { direction: first, path: firstPath, openedAtMs: 0 }
              const two = { direction: second, path: secondPath, openedAtMs }
              const lower = whichSession(contest(one, two))
              const higher = whichSession(contest(turned(one), turned(two), { isLower: false }))
              expect(['newer', 'current']).toContain(lower)
              expect(higher).toBe('wait')
            }
  })
})
