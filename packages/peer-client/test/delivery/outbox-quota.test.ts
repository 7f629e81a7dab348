import { AccountId } from '@parley/shared/ids.ts'
import { expect, test } from 'vitest'
import { OutboxQuota } from '#delivery/outbox-quota.ts'

const BOB = AccountId.parse(Buffer.alloc(32, 12).toString('base64url'))
const ONE = { messages: 1, bytes: 10 }

test('room goes to those who wait, one message each, in the order of asking', async () => {
  const quota = new OutboxQuota({ messages: 2, bytes: 1_000 })
  const admitted: string[] = []
  const ask = (who: string, signal?: AbortSignal) =>
    quota.take(BOB, signal).then(
      () => admitted.push(who),
      () => admitted.push(`${who} left`),
    )
  expect([quota.tryTake(BOB), quota.tryTake(BOB), quota.tryTake(BOB)]).toEqual([true, true, false])
  const leaving = new AbortController()
  const asked = [ask('first'), ask('second', leaving.signal), ask('third'), ask('fourth')]
  leaving.abort()
  quota.remove(BOB, ONE)
  // Nobody comes in between.
  expect(quota.tryTake(BOB)).toBe(false)
  await Promise.all(asked.slice(0, 2))
  expect(admitted.toSorted()).toEqual(['first', 'second left'])
  quota.remove(BOB, { messages: 2, bytes: 0 })
  await Promise.all(asked)
  expect(admitted.slice(2)).toEqual(['third', 'fourth'])
  expect(quota.load(BOB).messages).toBe(2)
})

test('who was admitted keeps the room, even when his patience ends in the same moment', async () => {
  const quota = new OutboxQuota({ messages: 1, bytes: 1_000 })
  quota.tryTake(BOB)
  const leaving = new AbortController()
  const taken = quota.take(BOB, leaving.signal)
  quota.remove(BOB, ONE)
  leaving.abort()
  await taken
  expect(quota.load(BOB).messages).toBe(1)
})
