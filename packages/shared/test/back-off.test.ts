import { expect, test } from 'vitest'
import { backOffMs } from '#back-off.ts'

const span = { minMs: 1_000, maxMs: 300_000 }

test('the span doubles with every failure and ends at the maximum', () => {
  const longest = (failures: number) => backOffMs(failures, { ...span, random: () => 1 })
  expect([1, 2, 3, 8, 9, 1_000, Number.MAX_SAFE_INTEGER].map(longest)).toEqual([
    2_000, 4_000, 8_000, 256_000, 300_000, 300_000, 300_000,
  ])
})

test('every wait of the span is possible, and none below the minimum', () => {
  for (const failures of [1, 2, 10, 100]) expect(backOffMs(failures, { ...span, random: () => 0 })).toBe(1_000)
  const drawn = Array.from({ length: 1_000 }, () => backOffMs(5, span))
  expect(Math.min(...drawn)).toBeGreaterThanOrEqual(1_000)
  expect(Math.max(...drawn)).toBeLessThanOrEqual(32_000)
  expect(new Set(drawn.map((ms) => Math.floor(ms / 8_000))).size).toBe(4)
})
