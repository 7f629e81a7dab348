import { readFileSync } from 'node:fs'
import { AccountId, AccountKey } from '@parley/shared/ids.ts'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { compareSafetyNumber, safetyNumberOf } from '#encryption/safety-number.ts'

const Side = z.strictObject({ account: AccountId, accountKey: AccountKey })
const Entry = z.strictObject({
  kind: z.literal('safety-number'),
  me: Side,
  they: Side,
  number: z.string(),
  scannable: z.string(),
})
const text = readFileSync(new URL('../../../../docs/vectors/safety-numbers.json', import.meta.url), 'utf8')
const { entries } = z.strictObject({ about: z.string(), entries: z.array(Entry).min(4) }).parse(JSON.parse(text))

test('safety numbers are as the vectors say', () => {
  for (const { me, they, number, scannable } of entries)
    expect({ me, they, ...safetyNumberOf(me, they) }).toEqual({ me, they, number, scannable })
})

describe('what is compared with a safety number', () => {
  const [aliceSees] = entries
  const bobSees = entries.find(
    ({ me, they }) => me.accountKey === aliceSees?.they.accountKey && they.accountKey === aliceSees.me.accountKey,
  )
  const rotated = entries.find(
    ({ they }) => they.account === aliceSees?.me.account && they.accountKey !== aliceSees.me.accountKey,
  )
  if (aliceSees === undefined || bobSees === undefined || rotated === undefined)
    throw new Error('the vectors lack a pair')

  test.each([
    ['the digits of the other side', bobSees.number, 'same'],
    ['the digits as people group them', `${bobSees.number.slice(0, 30)} \n ${bobSees.number.slice(30)}`, 'same'],
    ['the code of the other side', bobSees.scannable, 'same'],
    ['digits of another key', rotated.number, 'different'],
    ['a code of another key', rotated.scannable, 'different'],
    ['my own code, shown back to me', aliceSees.scannable, 'different'],
    ['digits that are too few', bobSees.number.slice(1), 'unreadable'],
    ['a code that is cut off', bobSees.scannable.slice(0, -9), 'unreadable'],
    ['anything else', 'hello', 'unreadable'],
  ] as const)('%s: %s', (_, proof, outcome) => {
    expect(compareSafetyNumber(aliceSees, proof)).toBe(outcome)
  })
})
