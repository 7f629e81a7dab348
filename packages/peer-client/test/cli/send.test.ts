import { join } from 'node:path'
import { Readable } from 'node:stream'
import { MAX_TEXT_BYTES } from '@parley/shared/limits.ts'
import type { MessageView } from '@parley/shared/local-api/messages.ts'
import { pino } from 'pino'
import { expect, test } from 'vitest'
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
  const unwanted = await w.daemon.send('bob', 'never mind', {}, new AbortController().signal)
  expect(await parleyAt(w, ['cancel', unwanted.id])).toMatchObject({
    code: 0,
    out: 'Taken back. bob will not get it.\n',
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

/** An input that a test feeds piece by piece. */
function feed() {
  const pieces: (Buffer | undefined)[] = []
  let wake = () => {}
  return {
    push(text: string | undefined) {
      pieces.push(text === undefined ? undefined : Buffer.from(text))
      wake()
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        while (pieces.length === 0) {
          const { promise, resolve } = Promise.withResolvers<void>()
          wake = resolve
          await promise
        }
        const piece = pieces.shift()
        if (piece === undefined) return
        yield piece
      }
    },
  }
}

test('each line is a message, in order, and the summary counts them', async () => {
  await using w = await world()
  const input = Buffer.from('one\r\n\ntwö\nthree')
  // In pieces that end inside of lines and of characters.
  const pieces = [input.subarray(0, 2), input.subarray(2, 9), input.subarray(9)]
  const { code, out, err } = await parleyAt(w, ['send', 'bob', '--lines'], { input: Readable.from(pieces) })
  expect(w.daemon.messages.map(({ text }) => text)).toEqual(['one', 'twö', 'three'])
  expect({ code, out, err }).toEqual({ code: 0, out: '', err: '3 messages accepted, 1 empty line left out.\n' })
})

test('lines are read no faster than there is room, and each is sent once', async () => {
  await using w = await world()
  for (const _ of 'ab') w.daemon.refusals.push(new RequestError('outbox-full', 'too much waits for bob'))
  const { code } = await parleyAt(w, ['send', 'bob', '--lines', '--json'], { input: 'one\ntwo\n', now: Date.now() })
  expect(code).toBe(0)
  expect(w.daemon.messages.map(({ text }) => text)).toEqual(['one', 'two'])
})

test('with a state to wait for, only so many lines are read ahead of what arrived', async () => {
  await using w = await world()
  const input = feed()
  const sending = parleyAt(w, ['send', 'bob', '--lines', '--wait', 'delivered'], { input, now: Date.now() })
  input.push('line\n'.repeat(300))
  input.push(undefined)
  await w.daemon.until(() => w.daemon.messages.length === 256)
  expect(w.daemon.messages).toHaveLength(256)
  await w.daemon.until(() => {
    for (const { id, state } of w.daemon.messages) if (state === 'queued') w.daemon.change(id, { state: 'delivered' })
    return w.daemon.messages.length === 300 && w.daemon.messages.every(({ state }) => state === 'delivered')
  })
  expect(await sending).toEqual({ code: 0, out: '', err: '300 messages accepted, 300 delivered.\n' })
})

test('how lines ended is said, and the exit code is that of the worst', async () => {
  await using w = await world()
  const input = feed()
  const sending = parleyAt(w, ['send', 'bob', '--lines', '--wait', 'delivered', '--json'], { input, now: Date.now() })
  input.push('a\nb\nc\nd\n')
  input.push(undefined)
  await w.daemon.until(() => w.daemon.messages.length === 4)
  const changes = [
    { state: 'delivered' },
    { state: 'expired' },
    { hold: 'blocked-key-change' },
    { state: 'refused' },
  ] as const
  for (const [at, change] of changes.entries()) w.daemon.change(w.daemon.messages[at]?.id ?? '', change)
  const { code, out, err } = await sending
  expect(code).toBe(65)
  expect(out.trim().split('\n')).toHaveLength(8)
  expect(JSON.parse(err)).toEqual({
    event: 'summary',
    accepted: 4,
    blank: 0,
    delivered: 1,
    open: 0,
    held: 1,
    ended: 1,
    refused: 1,
    last: w.daemon.messages[3]?.id,
  })
})

test.each([
  ['x'.repeat(MAX_TEXT_BYTES + 1), 65, 'line 2 is longer'],
  [Buffer.from([0xff]), 64, 'line 2 is not text'],
])('a line that cannot be a message ends the sending, and says how many were accepted', async (line, code, words) => {
  await using w = await world()
  const input = Buffer.concat([Buffer.from('fine\n'), Buffer.from(line), Buffer.from('\nnever\n')])
  const ended = await parleyAt(w, ['send', 'bob', '--lines'], { input })
  expect(ended).toMatchObject({ code, err: expect.stringMatching(`^1 message accepted.\\nparley: ${words}`) })
  expect(w.daemon.messages).toHaveLength(1)
})

test('Ctrl-C says what was accepted', async () => {
  await using w = await world()
  const input = feed()
  const sending = parleyAt(w, ['send', 'bob', '--lines', '--wait', 'delivered'], { input, now: Date.now() })
  input.push('one\ntwo\nhalf a li')
  await w.daemon.until(() => w.daemon.messages.length === 2)
  process.emit('SIGINT')
  const { code, err } = await sending
  expect(code).toBe(130)
  expect(err).toBe(
    'Interrupted: 2 messages accepted, 0 delivered, 2 still on the way. What was accepted is safe and goes out by itself; ' +
      `the rest was not sent. The last one was ${w.daemon.messages[1]?.id}.\n`,
  )
  expect(w.daemon.messages).toHaveLength(2)
})
