import { expect, test } from 'vitest'
import { pace } from '#bench/load.ts'

test('a load of messages is exactly so many', () => {
  const more = pace({ messages: 3 })
  expect([more(), more(), more(), more(), more()]).toEqual([true, true, true, false, false])
})

test('a load of seconds ends with its time and does not begin again', () => {
  let now = 0
  const more = pace({ seconds: 1 }, () => now)
  for (let count = 0; count < 1_000; count += 1) expect(more()).toBe(true)
  now = 1_000
  const late = Array.from({ length: 200 }, () => more())
  expect(late.at(-1)).toBe(false)
  now = 0
  expect(Array.from({ length: 200 }, () => more())).not.toContain(true)
})
