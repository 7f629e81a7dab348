import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { MAX_TEXT_BYTES } from '@parley/shared/limits.ts'
import type { MessageView } from '@parley/shared/local-api/messages.ts'
import { pino } from 'pino'
import { RequestError } from '#api/daemon.ts'
import { writeDaemonFile } from '#api/daemon-file.ts'
import { startLocalApi } from '#api/local-api.ts'
import { announce, parley, parleyAt } from '../support/command-line.ts'
import { type RunningApi, runApi } from '../support/running-api.ts'

async function world() {
  const running = await runApi()
  await announce(running)
  running.daemon.know('bob')
  return running
}

/** Waits for the command to wait, and then lets that happen to its message. */
async function whileWaiting({ daemon }: RunningApi, ...changes: Partial<MessageView>[]) {
  const { about: id } = await daemon.calls.until(({ what }) => what === 'wait')
  for (const change of changes) daemon.change(id, change)
  return id
}

test('a message is queued, and its id printed', async () => {
  await using w = await world()
  const { code, out, err } = await parleyAt(w, ['send', 'bob', 'hello', 'there'])
  const [message] = w.daemon.messages
  expect(message).toMatchObject({ with: 'bob', text: 'hello there' })
  expect({ code, out, err }).toEqual({ code: 0, out: `… queued ${message?.id}\n`, err: '' })
})

test('a message has a class and a time, when it is given one', async () => {
  await using w = await world()
  const now = Date.now()
  await parleyAt(w, ['send', 'bob', 'hi', '--priority', 'urgent', '--deadline', '10m'], { now })
  expect(w.daemon.messages).toMatchObject([{ priority: 'urgent', deadline: now + 600_000 }])
  for (const args of [
    ['--deadline', '0'],
    ['--deadline', '400d'],
    ['--deadline', 'soon'],
    ['--priority', 'highest'],
  ])
    expect(await parleyAt(w, ['send', 'bob', 'hi', ...args])).toMatchObject({ code: 64, out: '' })
})

test('a message is changed and deleted, and what happened is said', async () => {
  await using w = await world()
  const { id } = await w.daemon.send('bob', 'helo', {}, new AbortController().signal)
  expect(await parleyAt(w, ['edit', id, 'hello', 'bob'])).toMatchObject({
    code: 0,
    out: 'Edited before it left. bob gets the new text.\n',
  })
  w.daemon.change(id, { state: 'delivered' })
  expect(await parleyAt(w, ['cancel', id])).toMatchObject({ code: 65, err: expect.stringContaining('(already-sent)') })
  expect(await parleyAt(w, ['edit', id], { input: 'hi\n' })).toMatchObject({
    code: 0,
    out: `Edited. The new text goes to bob as ${id}-edit.\n`,
  })
  expect(w.daemon.message(id)).toMatchObject({ text: 'hi' })
  expect(await parleyAt(w, ['delete', id])).toMatchObject({
    code: 0,
    out: 'Deleted here. bob is asked to show it no more.\n',
  })
  const theirs = w.daemon.receive('bob', 'mine')
  expect(await parleyAt(w, ['delete', theirs.id])).toMatchObject({
    code: 65,
    err: 'parley: bob wrote this, not you (not-editable)\n',
  })
})

test('a wait ends with the tick', async () => {
  await using w = await world()
  const sending = parleyAt(w, ['send', 'bob', 'hello', '--wait', 'delivered'])
  const id = await whileWaiting(w, { state: 'sent' }, { state: 'delivered' })
  expect(await sending).toEqual({ code: 0, out: `… queued ${id}\n✓ delivered ${id}\n`, err: '' })
})

test('as JSON each state is a line', async () => {
  await using w = await world()
  const sending = parleyAt(w, ['send', 'bob', 'hello', '--wait', 'sent', '--json'])
  await whileWaiting(w, { state: 'sent' })
  const { code, out } = await sending
  const states = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).state)
  expect({ code, states }).toEqual({ code: 0, states: ['queued', 'sent'] })
})

test.each([
  [{ state: 'cancelled' }, 76, 'taken back'],
  [{ state: 'expired' }, 76, 'Send it again if it still matters'],
  [{ state: 'refused', reason: 'too old' }, 65, 'refused the message (too old)'],
  [{ hold: 'blocked-key-change' }, 77, 'Nothing was sent to the new key'],
] as const)('a wait that ends with %j ends with %i and says why', async (change, exitCode, sentence) => {
  await using w = await world()
  const sending = parleyAt(w, ['send', 'bob', 'hello', '--wait', 'delivered'])
  await whileWaiting(w, change)
  expect(await sending).toMatchObject({ code: exitCode, err: expect.stringContaining(sentence) })
})

test('a wait that is over says that the message is safe, and what happens next', async () => {
  await using w = await world()
  const now = Date.now()
  const args = ['send', 'bob', 'hello', '--wait', 'delivered', '--timeout', '10ms']
  const queued = await parleyAt(w, args, { now })
  expect(queued).toMatchObject({
    code: 75,
    err: expect.stringMatching(/still queued.*safe.*goes out.*\(still-queued\)/),
  })
  w.daemon.calls.all.length = 0
  const sending = parleyAt(w, [...args.slice(0, -1), '200ms'], { now })
  await whileWaiting(w, { state: 'sent' })
  expect(await sending).toMatchObject({ code: 75, err: expect.stringContaining('not confirmed') })
})

test('the whole input is one message, but for the line break at its end', async () => {
  await using w = await world()
  await parleyAt(w, ['send', 'bob'], { input: 'one\ntwo\n\n' })
  await parleyAt(w, ['send', 'bob'], { input: 'Grüße\r\n' })
  expect(w.daemon.messages.map(({ text }) => text)).toEqual(['one\ntwo\n', 'Grüße'])
})

test.each([
  ['', 64, 'no-text'],
  ['\n', 64, 'no-text'],
  [' \t\n', 64, 'no-text'],
  [Buffer.from([0xff, 0xfe]), 64, 'not-text'],
  ['x'.repeat(MAX_TEXT_BYTES + 3), 65, 'too-large'],
  ['x'.repeat(MAX_TEXT_BYTES + 1), 65, 'too-large'],
] as const)('an input that cannot be a message is not sent', async (input, exitCode, code) => {
  await using w = await world()
  expect(await parleyAt(w, ['send', 'bob'], { input })).toMatchObject({
    code: exitCode,
    out: '',
    err: expect.stringContaining(`(${code})`),
  })
  expect(w.daemon.messages).toEqual([])
})

test.each([
  ['unknown-name', 66],
  ['key-changed', 77],
  ['blocked', 65],
  ['storage-failed', 74],
  ['directory-unreachable', 69],
  ['stopping', 69],
  ['internal', 70],
] as const)('a refusal of kind %s ends with %i', async (code, exitCode) => {
  await using w = await world()
  w.daemon.refusals.push(new RequestError(code, 'a sentence with a next step'))
  const { err, ...ended } = await parleyAt(w, ['send', 'bob', 'hi'])
  expect(ended).toEqual({ code: exitCode, out: '' })
  expect(err).toMatch(/^parley: a sentence with a next step.*\(.*\)\n$/)
})

test('as JSON a failure is an object too, beside the output', async () => {
  await using w = await world()
  const { code, out, err } = await parleyAt(w, ['send', 'nobody', 'hi', '--json'])
  expect({ code, out }).toEqual({ code: 66, out: '' })
  expect(JSON.parse(err)).toEqual({
    event: 'failed',
    code: 'unknown-name',
    message: 'nobody is known as nobody',
    exitCode: 66,
  })
})

test('without room it waits for room', async () => {
  await using w = await world()
  w.daemon.refusals.push(new RequestError('outbox-full', 'too much waits for bob'))
  expect(await parleyAt(w, ['send', 'bob', 'hi'])).toMatchObject({ code: 0, out: expect.stringContaining('queued') })
  w.daemon.refusals.push(new RequestError('outbox-full', 'too much waits for bob'))
  expect(await parleyAt(w, ['send', 'bob', 'hi', '--timeout', '500ms'])).toMatchObject({
    code: 75,
    err: expect.stringContaining('was not queued'),
  })
})

test('a daemon that was restarted before it could answer is asked again, and the message is sent once', async () => {
  await using w = await runApi({ timeouts: { stopMs: 20 } })
  await announce(w)
  w.daemon.know('bob')
  await using scope = new AsyncDisposableStack()
  w.daemon.beforeAnswer = async () => {
    const again = scope.use(
      await startLocalApi({
        daemon: w.daemon,
        port: 0,
        tokenFile: join(w.profile, 'api-token'),
        log: pino({ level: 'silent' }),
      }),
    )
    await writeDaemonFile(w.profile, { url: again.url, pid: process.pid, startedAt: 2 })
    await w.api.stop()
  }
  const { code, out } = await parleyAt(w, ['send', 'bob', 'hello'])
  expect({ code, out }).toEqual({ code: 0, out: `… queued ${w.daemon.messages[0]?.id}\n` })
  expect(w.daemon.messages).toHaveLength(1)
})

test('the real program sends what is piped into it', async () => {
  await using w = await world()
  const ended = await parley(['send', 'bob', '--profile', w.profile], { input: 'from a pipe\n' })
  const [message] = w.daemon.messages
  expect(ended).toEqual({ code: 0, out: `… queued ${message?.id}\n`, err: '' })
  expect(message?.text).toBe('from a pipe')
})
