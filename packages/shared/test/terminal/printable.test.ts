import { describe, expect, test } from 'vitest'
import { printable, printableJson, printableLines } from '#terminal/printable.ts'

const HOSTILE = [
  ['a colour', '\x1b[31mred\x1b[0m', String.raw`\x1b[31mred\x1b[0m`],
  ['a title for the window', '\x1b]0;owned\x07', String.raw`\x1b]0;owned\x07`],
  ['the clipboard', '\x1b]52;c;ZXZpbA==\x1b\\', '\\x1b]52;c;ZXZpbA==\\x1b\\'],
  [
    'a link with another text',
    '\x1b]8;;http://evil\x1b\\bank\x1b]8;;\x1b\\',
    '\\x1b]8;;http://evil\\x1b\\bank\\x1b]8;;\\x1b\\',
  ],
  ['a control sequence in one byte', '\x9b31m', String.raw`\x9b31m`],
  ['overwriting what stands there', 'bob\rroot', String.raw`bob\rroot`],
  ['backspaces', 'rm -rf\b\b\b', String.raw`rm -rf\x08\x08\x08`],
  ['a line of its own', 'bob\nalice: yes', String.raw`bob\nalice: yes`],
  ['a line separator', 'a\u2028b\u2029c', String.raw`a\u{2028}b\u{2029}c`],
  ['a bell, a null, a delete', '\x07\x00\x7f', String.raw`\x07\x00\x7f`],
  ['the other direction', 'gpj.\u202eexe', String.raw`gpj.\u{202e}exe`],
  ['isolates', '\u2066a\u2067b\u2068c\u2069', String.raw`\u{2066}a\u{2067}b\u{2068}c\u{2069}`],
  ['direction marks', '\u200e\u200f\u061c', String.raw`\u{200e}\u{200f}\u{61c}`],
  ['nothing at all', 'bo\u200bb\u2060\ufeff\u00ad', String.raw`bo\u{200b}b\u{2060}\u{feff}\xad`],
  ['tags', 'bob\u{e0041}', String.raw`bob\u{e0041}`],
  ['half a character', 'a\ud800b', String.raw`a\u{d800}b`],
  ['what is not assigned', '\u{50000}\uffff', String.raw`\u{50000}\u{ffff}`],
] as const

describe('what a terminal would act on is written out:', () => {
  test.each(HOSTILE)('%s', (_, hostile, shown) => {
    expect(printable(hostile)).toBe(shown)
    const lines = printableLines(`before\n${hostile}`)
    expect(lines.join('')).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u)
  })
})

describe('in a line of JSON it is written out for good, whoever decodes the line:', () => {
  test.each(HOSTILE)('%s', (_, hostile, shown) => {
    const line = printableJson(`${JSON.stringify({ msg: hostile })}\n`)
    expect(line).not.toMatch(/[\p{Cc}\p{Bidi_Control}](?!$)/u)
    const { msg } = JSON.parse(line)
    expect(printable(msg)).toBe(shown)
    expect(msg.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Bidi_Control}\p{Cs}]/u)
  })

  test('what only looks like an escape stays text', () => {
    for (const text of ['\\u001b', 'C:\\beta\\u0041', '\\\\u202e', 'a "quoted" word', 'tab\tand\nline'])
      expect(JSON.parse(printableJson(JSON.stringify({ msg: text }))).msg).toBe(text)
  })
})

test.each(['hello', 'Grüße', '日本語', 'שלום', 'مرحبا', 'नमस्ते', '👩‍👩‍👧', '🏳️‍🌈', 'می‌خواهم', '۝', 'a\\x1b', ''])(
  '%s stays as it is',
  (text) => {
    expect(printable(text)).toBe(text)
  },
)

test('no control character gets through, whichever it is', () => {
  for (let code = 0; code <= 0x9f; code++) {
    if (code >= 0x20 && code < 0x7f) continue
    expect(printable(String.fromCharCode(code))).toMatch(/^[\x20-\x7e]+$/)
  }
})

test('the lines of a text stay lines, and tabs move nothing', () => {
  expect(printableLines('one\r\ntwo\n\tthree\rx')).toEqual(['one', 'two', String.raw`    three\rx`])
})
