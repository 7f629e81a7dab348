import { expect, test } from 'vitest'
import { padEnd, padStart, shorten, widthOf, wrap } from '#terminal/text-width.ts'

test.each([
  ['', 0],
  ['hello', 5],
  ['Grüße', 5],
  ['e\u0301', 1],
  ['日本語', 6],
  ['ﾊﾛｰ', 3],
  ['한국어', 6],
  ['👍', 2],
  ['👩‍👩‍👧', 2],
  ['❤️', 2],
  ['✓', 1],
] as const)('%j takes %i columns', (text, width) => {
  expect(widthOf(text)).toBe(width)
})

test('padding counts columns, not characters', () => {
  expect(padEnd('日本', 6)).toBe('日本  ')
  expect(padStart('日本', 6)).toBe('  日本')
  expect(padEnd('longer', 3)).toBe('longer')
})

test('a text breaks at spaces where there are any', () => {
  expect(wrap('the quick brown fox', 10)).toEqual(['the quick', 'brown fox'])
  expect(wrap('a b', 10)).toEqual(['a b'])
  expect(wrap('', 10)).toEqual([''])
  expect(wrap('exactly 10', 10)).toEqual(['exactly 10'])
})

test('a word that is wider than the line breaks between characters', () => {
  expect(wrap('abcdefghij', 4)).toEqual(['abcd', 'efgh', 'ij'])
  expect(wrap('日本語テスト', 5)).toEqual(['日本', '語テ', 'スト'])
  expect(wrap('see https://example.org/a', 10)).toEqual(['see', 'https://ex', 'ample.org/', 'a'])
})

test('no line is wider than it may be, and no character is lost', () => {
  const text = 'Lorem 日本語 ipsum👩‍👩‍👧dolor sit  amet, consectetur  adipiscing'
  for (let width = 2; width < 40; width++) {
    const lines = wrap(text, width)
    for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(width)
    expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''))
  }
})

test('what is shortened says so and fits', () => {
  expect(shorten('abcdef', 6, '…')).toBe('abcdef')
  expect(shorten('abcdefg', 6, '…')).toBe('abcde…')
  expect(shorten('日本語テスト', 6, '…')).toBe('日本…')
})

test('a message of the largest size wraps like any other', () => {
  expect(wrap('é'.repeat(32_768), 40)).toHaveLength(820)
})
