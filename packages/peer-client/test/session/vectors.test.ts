import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { whichSession } from '#session/which-session.ts'

const Contender = z.strictObject({
  direction: z.enum(['outbound', 'inbound']),
  path: z.enum(['direct', 'relay']),
  openedAtMs: z.int(),
})
const Entry = z.strictObject({
  kind: z.literal('session'),
  contest: z.strictObject({
    current: Contender,
    newer: Contender,
    isSameBoot: z.boolean(),
    isAlone: z.boolean(),
    isLower: z.boolean(),
  }),
  stays: z.enum(['newer', 'current', 'wait']),
})

test('which of two sessions stays is as the vectors say', () => {
  const text = readFileSync(new URL('../../../../docs/vectors/sessions.json', import.meta.url), 'utf8')
  const { entries } = z.strictObject({ about: z.string(), entries: z.array(Entry).min(1) }).parse(JSON.parse(text))
  for (const { contest, stays } of entries)
    expect({ contest, stays: whichSession(contest) }).toEqual({ contest, stays })
})
