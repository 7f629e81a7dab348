import { expect, test } from 'vitest'
import { digits } from '#terminal/digits.ts'

test.each([0, 7, 999, 1_000, 12_345, 999_999, 1_000_000, 1_234_567_890])(
  '%i has its commas where English has them',
  (n) => {
    expect(digits(n)).toBe(n.toLocaleString('en'))
  },
)
