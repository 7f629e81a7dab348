import { expect, test } from 'vitest'
import { RateLimiter } from '#http/rate-limiter.ts'

function limiterAt(clock: { nowMs: number }, options: Partial<ConstructorParameters<typeof RateLimiter>[0]> = {}) {
  return new RateLimiter({ count: 30, perMs: 3_600_000, maxKeys: 100, elapsedMs: () => clock.nowMs, ...options })
}

test('a key has all its tokens at once, then one each time a share of the period has passed', () => {
  const clock = { nowMs: 5_000_000 }
  const limiter = limiterAt(clock)
  const waits = Array.from({ length: 31 }, () => limiter.take('a'))

  expect(waits.slice(0, 30)).toEqual(Array(30).fill(0))
  expect(waits[30]).toBeCloseTo(120_000)
  clock.nowMs += 119_000
  expect(limiter.take('a')).toBeCloseTo(1_000)
  clock.nowMs += 1_000
  expect(limiter.take('a')).toBe(0)
  expect(limiter.take('a')).toBeGreaterThan(0)
  clock.nowMs += 3_600_000
  expect(Array.from({ length: 30 }, () => limiter.take('a'))).toEqual(Array(30).fill(0))
})

test('keys do not take from each other, and refusals cost nothing', () => {
  const clock = { nowMs: 0 }
  const limiter = limiterAt(clock, { count: 1, perMs: 1_000 })
  expect(limiter.take('a')).toBe(0)
  const waits = Array.from({ length: 1_000 }, () => limiter.take('a'))
  expect(new Set(waits.map(Math.round))).toEqual(new Set([1_000]))

  expect(limiter.take('b')).toBe(0)
  clock.nowMs += 1_000
  expect(limiter.take('a')).toBe(0)
})

test('a flood of keys takes no more room than there is, and does not free whoever is refused all the while', () => {
  const clock = { nowMs: 0 }
  const limiter = limiterAt(clock, { count: 1, maxKeys: 10 })
  limiter.take('flood')
  let shortestMs = Number.POSITIVE_INFINITY
  let largest = 0
  for (let key = 0; key < 10_000; key++) {
    limiter.take(String(key))
    shortestMs = Math.min(shortestMs, limiter.take('flood'))
    largest = Math.max(largest, limiter.size)
  }
  expect(shortestMs).toBeGreaterThan(0)
  expect(largest).toBe(10)
})

test('a key whose bucket is full again is forgotten when others come', () => {
  const clock = { nowMs: 0 }
  const limiter = limiterAt(clock, { count: 1, perMs: 1_000 })
  for (let key = 0; key < 50; key++) limiter.take(`old ${key}`)
  clock.nowMs += 1_000
  for (let key = 0; key < 30; key++) limiter.take(`new ${key}`)

  expect(limiter.size).toBe(30)
})
