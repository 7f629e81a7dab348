import { firstUnread, withMessage, withNewestPage, withNotes } from '@parley/api-client/loaded-messages.ts'
import type { MessageView } from '@parley/shared/local-api/messages.ts'
import { expect, test } from 'vitest'

function message(id: string, lamport: number, more: Partial<MessageView> = {}): MessageView {
  const who = { account: 'a', with: 'bob', direction: 'in' as const, kind: 'text', text: id }
  return { id, sentAt: lamport, storedAt: lamport, lamport, ...who, ...more }
}
const [one, two, three] = [message('one', 1), message('two', 2), message('three', 3)]

test('a message stands where the conversation has it, once', () => {
  expect(withMessage([one, three], two)).toEqual([one, two, three])
  const changed: MessageView = { ...two, text: 'other' }
  expect(withMessage([one, two, three], changed)).toEqual([one, changed, three])
})

test('an answer to a message that changed shows what that one says now', () => {
  const replyTo = { message: { id: 'one', direction: 'in' as const, text: 'one' } }
  const answer = message('answer', 4, { replyTo })
  const messages = withMessage([one, two, answer], { ...one, text: 'x'.repeat(300) })
  expect(messages.at(-1)?.replyTo?.message?.text).toBe('x'.repeat(200))
})

test('the newest page joins what was loaded before, unless something may be missing in between', () => {
  expect(withNewestPage([one, two], [three, two])).toEqual([one, two, three])
  expect(withNewestPage([one], [three])).toBeUndefined()
  expect(withNewestPage([], [])).toEqual([])
})

test('what an event has overtaken does not take a tick back, nor what came since', () => {
  const as = (state: NonNullable<MessageView['state']>) => message('mine', 1, { direction: 'out', state })
  expect(withMessage([as('delivered')], as('queued'))).toEqual([as('delivered')])
  expect(withMessage([as('queued')], as('sent'))).toEqual([as('sent')])
  expect(withMessage([as('cancelled')], as('queued'))).toEqual([as('cancelled')])
  expect(withNewestPage([as('read'), two], [as('delivered')])).toEqual([as('read'), two])
})

test('a note stands once, behind the messages that were before it', () => {
  const note = (at: number, lamport: number) => ({ kind: 'verified', level: 'info', text: '', at, lamport }) as const
  const notes = [note(1, 1), note(3, 2)]
  expect(withNotes(notes, [note(1, 1), note(2, 2)])).toEqual([note(1, 1), note(2, 2), note(3, 2)])
  expect(withNotes(notes, [note(1, 1)])).toBe(notes)
})

test('what is new begins at the last so many of the other side', () => {
  const messages = [one, two, message('mine', 3, { direction: 'out' }), message('four', 4)]
  expect(firstUnread(messages, 2)).toBe('two')
  expect(firstUnread(messages, 0)).toBeUndefined()
})
