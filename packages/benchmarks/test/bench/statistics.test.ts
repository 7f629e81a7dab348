import { expect, test } from 'vitest'
import { median, quantile } from '#bench/statistics.ts'

test('the median stands in the middle, whatever the order of the samples', () => {
  expect(median([9, 1, 5])).toBe(5)
  expect(median([4, 1, 3, 2])).toBe(2.5)
})

test('a quantile is a sample that really occurred', () => {
  const samples = Array.from({ length: 100 }, (_, index) => 100 - index)
  expect(quantile(samples, 0.5)).toBe(50)
  expect(quantile(samples, 0.99)).toBe(99)
  expect(quantile(samples, 1)).toBe(100)
  expect(quantile([7], 0.99)).toBe(7)
})

test('nothing measured is not a number', () => {
  expect(median([])).toBeNaN()
  expect(quantile([], 0.5)).toBeNaN()
})
