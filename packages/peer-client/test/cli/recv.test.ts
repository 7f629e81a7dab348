import { expect, test } from 'vitest'
import { announce, parleyAt } from '../support/command-line.ts'
import { runApi } from '../support/running-api.ts'

const at = (hours: number, minutes: number) => new Date(2026, 1, 3, hours, minutes).getTime()

async function world() {
  const running = await runApi()
  await announce(running)
  running.daemon.know('bob')
  return running
}

test('a reader with a cursor gets what it has not seen yet, and the cursor moves after the lines were written', async () => {
  await using w = await world()
  w.daemon.receive('bob', 'one', { storedAt: at(9, 0) })
  w.daemon.receive('bob', 'two\nlines', { storedAt: at(9, 1) })
  const written: string[] = []
  const seen = await parleyAt(w, ['recv', '--cursor', 'archive'], {
    onOutput: (text) => written.push(w.daemon.cursors.has('archive') ? 'moved too early' : text),
  })
  expect(seen).toEqual({ code: 0, err: '', out: '09:00  bob  one\n09:01  bob  two\n            lines\n' })
  expect(written).not.toContain('moved too early')
  expect(await parleyAt(w, ['recv', '--cursor', 'archive'])).toEqual({ code: 0, err: '', out: '' })
  w.daemon.receive('bob', 'three', { storedAt: at(9, 2) })
  expect(await parleyAt(w, ['recv', '--cursor', 'archive'])).toMatchObject({ out: '09:02  bob  three\n' })
  const all = await parleyAt(w, ['recv', '--cursor', 'archive', '--again', '--limit', '1', '--json'])
  expect(JSON.parse(all.out)).toMatchObject({ text: 'one', id: w.daemon.messages[0]?.id })
})

test('a reader whose output nobody takes moves nothing, and sees the same again', async () => {
  await using w = await world()
  for (const text of ['one', 'two']) w.daemon.receive('bob', text, { storedAt: at(9, 0) })
  const broken = await parleyAt(w, ['recv', '--cursor', 'archive'], {
    onOutput: (text) => {
      if (text.includes('two')) throw new Error('the pipe is closed')
    },
  })
  expect(broken.code).not.toBe(0)
  expect(w.daemon.cursors.size).toBe(0)
  expect(await parleyAt(w, ['recv', '--cursor', 'archive'])).toMatchObject({
    out: '09:00  bob  one\n09:00  bob  two\n',
  })
})

test('without a cursor it waits for the next message, or for so many', async () => {
  await using w = await world()
  w.daemon.receive('bob', 'before')
  const args = ['recv', '--from', 'bob', '--limit', '2', '--json']
  const reading = parleyAt(w, args)
  await w.daemon.calls.until(({ what, about }) => what === 'received' && about === '1')
  w.daemon.receive('carol', 'not this')
  w.daemon.receive('bob', 'first')
  w.daemon.receive('bob', 'second')
  const texts = (await reading).out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).text)
  expect(texts).toEqual(['first', 'second'])
  expect(await parleyAt(w, ['recv', '--timeout', '0'], { now: Date.now() })).toMatchObject({
    code: 75,
    out: '',
    err: 'parley: nothing arrived in this time (timed-out)\n',
  })
})

test('edits and deletions are lines too', async () => {
  await using w = await world()
  const message = w.daemon.receive('bob', 'helo', { storedAt: at(9, 0) })
  w.daemon.receive('bob', 'hello', { kind: 'edit', about: message.id, storedAt: at(9, 1) })
  w.daemon.receive('bob', '', { kind: 'delete', about: message.id, storedAt: at(9, 2) })
  expect((await parleyAt(w, ['recv', '--cursor', 'a'])).out).toBe(`09:00  bob  helo
09:01  bob  (edited) hello
09:02  bob  (deleted a message)
`)
})

test('an export is a line for each record, and says when it is not whole', async () => {
  await using w = await world()
  w.daemon.receive('bob', 'old', { storedAt: at(9, 0) })
  w.daemon.receive('bob', 'new', { storedAt: at(11, 0) })
  w.daemon.know('carol')
  w.daemon.receive('carol', 'hers', { storedAt: at(11, 0) })
  const exported = async (...args: string[]) => {
    const { code, out } = await parleyAt(w, ['export', ...args], { now: at(12, 0) })
    const records: { type: string; text?: string }[] = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    return { code, records: records.map(({ type, text }) => text ?? type) }
  }
  expect(await exported()).toEqual({ code: 0, records: ['export', 'old', 'new', 'hers', 'end'] })
  expect(await exported('--conversation', 'bob', '--since', '2h')).toEqual({
    code: 0,
    records: ['export', 'new', 'end'],
  })
  expect((await exported('--since', '2026-02-04')).records).toEqual(['export', 'end'])
  w.daemon.stopsInTheMiddle = true
  expect(await exported()).toMatchObject({ code: 74, records: ['export', 'old', 'new', 'hers'] })
})
