import { expect, test } from 'vitest'
import { textFrame } from '#presence/text-frame.ts'

test.each([
  ['', '8100'],
  ['Hi', '81024869'],
  ['ä€', '8105c3a4e282ac'],
])('the frame of %j is %s', (text, hex) => {
  expect(textFrame(text).toString('hex')).toBe(hex)
})

test.each([
  [125, '817d'],
  [126, '817e007e'],
  [65_535, '817effff'],
  [65_536, '817f0000000000010000'],
])('the frame of %i characters begins with %s', (length, head) => {
  const frame = textFrame('x'.repeat(length))
  expect(frame.toString('hex', 0, head.length / 2)).toBe(head)
  expect(frame.toString('latin1', head.length / 2)).toBe('x'.repeat(length))
})
