import { expect, test } from 'vitest'
import { keptPromises, type SystemCall } from '#system-calls.ts'

test('an answer before the sync, or without one of its own, is noticed', () => {
  const log = '/profile/parley.db-wal'
  const write = { name: 'pwrite64', target: log, text: '' }
  const sync = { name: 'fdatasync', target: log, text: '' }
  const other = { name: 'fdatasync', target: '/profile/parley.db', text: '' }
  const answer = { name: 'write', target: 'TCP:[a->b]', text: '' }
  const kept = (...calls: readonly SystemCall[]) => keptPromises(calls, (call) => call === answer)
  expect(kept(write, sync, answer)).toEqual([true])
  expect(kept(write, answer, sync)).toEqual([false])
  expect(kept(write, sync, write, answer)).toEqual([false])
  expect(kept(write, other, answer)).toEqual([false])
  expect(kept(write, sync, answer, answer)).toEqual([true, false])
})
