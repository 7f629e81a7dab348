import { expect, test } from 'vitest'
import { ago, clockTime, dayOf, exactTime, parseSpan, span, timeWithDay } from '#terminal/times.ts'

const at = (...parts: [number, number, number, number, number, number]) => new Date(...parts).getTime()
const NOW = at(2026, 1, 3, 10, 20, 30)

test.each([
  [0, '0 s'],
  [59_000, '59 s'],
  [60_000, '1 min'],
  [3_600_000, '1 h'],
  [3_720_000, '1 h 2 min'],
  [86_400_000, '1 day'],
  [180_000_000, '2 days 2 h'],
] as const)('%i ms is %s', (ms, words) => {
  expect(span(ms)).toBe(words)
})

test('how long ago something was', () => {
  expect(ago(NOW, NOW)).toBe('just now')
  expect(ago(NOW + 5_000, NOW)).toBe('just now')
  expect(ago(NOW - 180_000, NOW)).toBe('3 min ago')
})

test('times and days are those of the person', () => {
  expect(clockTime(at(2026, 1, 3, 9, 5, 7))).toBe('09:05')
  expect(exactTime(at(2026, 1, 3, 9, 5, 7))).toBe('09:05:07')
  expect(dayOf(NOW, NOW)).toBe('Today')
  expect(dayOf(at(2026, 1, 2, 23, 59, 0), NOW)).toBe('Yesterday')
  expect(dayOf(at(2025, 11, 24, 12, 0, 0), NOW)).toBe('Wed, 24 Dec 2025')
  expect(timeWithDay(at(2026, 1, 2, 9, 5, 0), NOW)).toBe('Yesterday 09:05')
  expect(timeWithDay(at(2026, 1, 3, 9, 5, 0), NOW)).toBe('09:05')
})

test.each([
  ['60', 60_000],
  ['90s', 90_000],
  ['1.5s', 1_500],
  ['250ms', 250],
  ['2m', 120_000],
  ['2 min', 120_000],
  ['1h', 3_600_000],
  ['24h', 86_400_000],
  ['0', 0],
  ['25h', undefined],
  ['', undefined],
  ['-1s', undefined],
  ['1d', 86_400_000],
  ['2d', undefined],
  ['1w', undefined],
  ['1e9', undefined],
  ['Infinity', undefined],
] as const)('%j is read as %j ms', (text, ms) => {
  expect(parseSpan(text)).toBe(ms)
})

test('a span may be longer where its reader says so', () => {
  expect(parseSpan('7d', 7 * 86_400_000)).toBe(7 * 86_400_000)
  expect(parseSpan('8d', 7 * 86_400_000)).toBeUndefined()
})
