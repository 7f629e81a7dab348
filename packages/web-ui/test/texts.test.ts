import type { MessageView } from '@parley/shared/local-api/messages.ts'
import { describe, expect, test } from 'vitest'
import { together } from '#text/attempts.ts'
import { markdownToHtml, plainLine } from '#text/markdown.ts'
import { initialsOf } from '#text/person.ts'
import { rowsOf } from '#text/rows.ts'

describe('markdown', () => {
  test('shows HTML as it was typed, and pictures as nothing that loads', () => {
    expect(markdownToHtml('<b onclick=x>hi</b>')).toBe('<p>&lt;b onclick=x&gt;hi&lt;/b&gt;</p>\n')
    expect(markdownToHtml('![a](https://evil.example/a.png)')).not.toContain('<img')
  })

  test.each(['javascript:x', 'JaVaScRiPt:x', 'data:text/html,x', 'vbscript:x', 'file:///x', '//host/x', 'x:y'])(
    '%s is no link',
    (url) => {
      expect(markdownToHtml(`[text](${url})`)).not.toContain('href')
    },
  )

  test('a link says where it leads, unless its text does', () => {
    expect(markdownToHtml('[bank](https://evil.example/x)')).toContain('<span class="host">evil.example</span>')
    expect(markdownToHtml('https://a.example/b')).not.toContain('host')
    expect(markdownToHtml('<https://bank.example@evil.example/>')).toContain('<span class="host">evil.example</span>')
    // A name in another script is shown as it goes over the wire.
    expect(markdownToHtml('https://аpple.example/')).toContain('<span class="host">xn--pple-43d.example</span>')
  })

  test('a line in a list has no marks', () => {
    expect(plainLine('**bold**\n> quote `code`\n[text](https://a.example)')).toBe('bold quote code text')
  })

  test('a line that is all brackets is read in one go', () => {
    for (const sign of ['[', '[a](', '[]']) {
      const line = sign.repeat(2 ** 20 / sign.length)
      expect(plainLine(line)).toBe(line)
    }
  })
})

let lamport = 0
function message(id: string, sentAt: number, more: Partial<MessageView> = {}): MessageView {
  lamport += 1
  const who = { account: 'a', with: 'bob', direction: 'in' as const, kind: 'text', text: id }
  return { id, sentAt, storedAt: sentAt, lamport, ...who, ...more }
}
const NOON = new Date(2026, 1, 3, 12).getTime()

describe('rows', () => {
  test('group what one author writes within five minutes, and part days', () => {
    const rows = rowsOf(
      [
        message('1', NOON - 86_400_000),
        message('2', NOON),
        message('3', NOON + 60_000),
        message('4', NOON + 120_000, { direction: 'out' }),
        message('5', NOON + 10 * 60_000, { direction: 'out' }),
      ],
      '3',
    )
    const shown = rows.map((row) =>
      row.type === 'message' ? `${row.key}${row.isFirst ? '(' : ''}${row.isLast ? ')' : ''}` : row.type,
    )
    expect(shown).toEqual(['day', '1()', 'day', '2()', 'unread', '3()', '4()', '5()'])
  })

  test('a note stands behind the messages that were before it, and parts a group', () => {
    const [one, two] = [message('1', NOON), message('2', NOON)]
    const note = (at: number, behind: number) =>
      ({ kind: 'verified', level: 'info', text: '', at, lamport: behind }) as const
    const notes = [note(1, one.lamport), note(2, two.lamport), note(3, two.lamport)]
    const shown = rowsOf([one, two], undefined, notes).map((row) =>
      row.type === 'message' ? `${row.key}${row.isFirst ? '(' : ''}${row.isLast ? ')' : ''}` : row.type,
    )
    expect(shown).toEqual(['day', '1()', 'note', '2()', 'note', 'note'])
  })
})

test('the same attempt again and again is one line', () => {
  const dial = (at: number, detail: string) => ({ at, what: 'dial' as const, outcome: 'link-failed', detail })
  const lines = together([dial(3, 'x'), dial(2, 'x'), dial(1, 'y')])
  expect(lines.map(({ attempt, times }) => [attempt.at, times])).toEqual([
    [3, 2],
    [1, 1],
  ])
})

test('the initials of a nickname are whole characters', () => {
  expect(initialsOf('bob.smith')).toBe('BS')
  expect(initialsOf('🦊 Öz')).toBe('🦊Ö')
  expect(initialsOf('𝒜𝒷𝒸')).toBe('𝒜𝒷')
})
