import { expect, test } from 'vitest'
import { Heights } from '#text/heights.ts'

/** The same by adding up. */
function slowly(heights: readonly number[]) {
  const offsets = heights.map((_, index) => heights.slice(0, index).reduce((sum, height) => sum + height, 0))
  return {
    offsetOf: (index: number) => offsets[index] ?? offsets.at(-1),
    indexAt: (offset: number) =>
      Math.max(
        0,
        offsets.findLastIndex((one) => one <= offset),
      ),
  }
}

test('offsets and rows are those that adding up gives, however many rows there are', () => {
  for (const count of [1, 2, 3, 7, 8, 9, 100, 129]) {
    const keys = Array.from({ length: count }, (_, index) => `row ${index}`)
    const sizes = keys.map((_, index) => 20 + ((index * 37) % 90))
    const heights = new Heights(44)
    heights.setRows(keys)
    for (const [index, key] of keys.entries()) heights.measure(key, sizes[index] ?? 0)
    const truth = slowly(sizes)
    for (let index = 0; index < count; index += 1) expect(heights.offsetOf(index)).toBe(truth.offsetOf(index))
    for (let offset = 0; offset < heights.total; offset += 7)
      expect(heights.indexAt(offset)).toBe(truth.indexAt(offset))
    expect(heights.indexAt(-50)).toBe(0)
    expect(heights.indexAt(heights.total + 50)).toBe(count - 1)
  }
})

test('rows that come in above move the others, and what was measured stays', () => {
  const heights = new Heights(10)
  heights.setRows(['a', 'b'])
  expect(heights.measure('a', 30)).toBe(true)
  expect(heights.measure('a', 30)).toBe(false)
  heights.setRows(['older', 'a', 'b'])
  expect(heights.indexOf('b')).toBe(2)
  expect(heights.offsetOf(2)).toBe(40)
  expect(heights.total).toBe(50)
  expect(heights.measure('of another conversation', 99)).toBe(false)
  expect(new Heights(10).indexAt(0)).toBe(-1)
})
