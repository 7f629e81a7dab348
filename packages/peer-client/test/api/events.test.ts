import { once } from 'node:events'
import { join } from 'node:path'
import { MAX_WAITING_LOCAL_FRAMES } from '@parley/shared/limits.ts'
import { DaemonFrame } from '@parley/shared/local-api/events.ts'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { startLocalApi } from '#api/local-api.ts'
import { type RunningApi, runApi, trusted } from '../support/running-api.ts'
import { Seen } from '../support/seen.ts'

interface TestSocket extends Disposable {
  readonly socket: WebSocket
  readonly frames: Seen<DaemonFrame>
  readonly closed: Promise<{ code: number; reason: string }>
}

/** A client of the sockets; with `isTrusted` it sends the token as a header. */
function open({ api, port }: RunningApi, path: string, { isTrusted = true } = {}): TestSocket {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers: isTrusted ? trusted(api) : {} })
  const frames = new Seen<DaemonFrame>()
  socket.on('message', (data: Buffer) => frames.push(DaemonFrame.parse(JSON.parse(data.toString()))))
  socket.on('error', () => {})
  const closed = once(socket, 'close').then(([code, reason]) => ({ code: Number(code), reason: String(reason) }))
  return { socket, frames, closed, [Symbol.dispose]: () => socket.terminate() }
}

const notice = (text: string) => ({
  type: 'notice' as const,
  kind: 'key-rotated' as const,
  level: 'info' as const,
  text,
  at: 0,
  lamport: 0,
  account: 'bob',
})

const isReady = (frame: DaemonFrame) => frame.type === 'ready'

test('events reach a client that sends its token as the first frame', async () => {
  await using world = await runApi()
  for (const path of ['/api/v1/events', '/ws']) {
    using line = open(world, path, { isTrusted: false })
    await once(line.socket, 'open')
    world.daemon.publish(notice('before the token'))
    line.socket.send(JSON.stringify({ type: 'authenticate', token: world.api.token }))
    await line.frames.until(isReady)
    const message = world.daemon.receive('bob', 'hello')
    expect(await line.frames.until((frame) => frame.type === 'message')).toEqual({ type: 'message', message })
    expect(line.frames.all[0]).toEqual({ type: 'ready', cursor: expect.any(String) })
    expect(line.frames.all).toHaveLength(2)
  }
})

test('a first frame that is not the token ends the line', async () => {
  await using world = await runApi()
  const wrong = [
    '/peers',
    '{}',
    '{"to":"bob","text":"hi"}',
    JSON.stringify({ type: 'authenticate', token: 'A'.repeat(43) }),
    JSON.stringify({ type: 'authenticate', token: world.api.token, more: 1 }),
    Buffer.from([1, 2, 3]),
  ]
  for (const frame of wrong) {
    using line = open(world, '/ws', { isTrusted: false })
    await once(line.socket, 'open')
    line.socket.send(frame)
    expect(await line.closed).toMatchObject({ code: 1008 })
    expect(line.frames.all).toEqual([])
  }
  expect(world.daemon.calls.all).toEqual([])
})

test('a client that says nothing is sent away', async () => {
  await using world = await runApi({ timeouts: { authMs: 20 } })
  using line = open(world, '/api/v1/events', { isTrusted: false })
  expect(await line.closed).toEqual({ code: 1008, reason: 'unauthorised' })
})

test('the event line takes no other frames', async () => {
  await using world = await runApi()
  using line = open(world, '/api/v1/events')
  await line.frames.until(isReady)
  line.socket.send('/peers')
  expect(await line.closed).toEqual({ code: 1008, reason: 'bad-request' })
})

test('a chat line is answered in order, mistakes too, and the line stays up', async () => {
  await using world = await runApi()
  const bob = world.daemon.know('bob', { state: 'connected', since: 1, address: 'x', path: 'direct' })
  using line = open(world, '/ws')
  await line.frames.until(isReady)
  for (const frame of [
    '/peers',
    '{"to":"bob","text":"one","ref":"1"}',
    '{"to":"nobody","text":"two","ref":"2"}',
    '{"to":"bob","text":"three","more":1,"ref":"3"}',
    'hello',
    '{"msg":"to all","ref":"4"}',
  ]) {
    line.socket.send(frame)
  }
  await line.frames.until((frame) => frame.type === 'accepted' && frame.ref === '4')
  const answers = line.frames.all.filter(({ type }) => type === 'accepted' || type === 'problem' || type === 'peers')
  expect(answers).toMatchObject([
    { type: 'peers', peers: [bob] },
    { type: 'accepted', ref: '1', messages: [{ text: 'one', with: 'bob' }] },
    { type: 'problem', ref: '2', problem: { code: 'unknown-name' } },
    { type: 'problem', ref: '3', problem: { code: 'bad-request' } },
    { type: 'problem', problem: { code: 'bad-request' } },
    { type: 'accepted', ref: '4', messages: [{ text: 'to all' }] },
  ])
  expect(world.daemon.messages.map(({ text }) => text)).toEqual(['one', 'to all'])
})

test('a client that floods is cut off', async () => {
  await using world = await runApi()
  using line = open(world, '/ws')
  await line.frames.until(isReady)
  for (let n = 0; n < MAX_WAITING_LOCAL_FRAMES * 100; n++) line.socket.send('/peers')
  expect(await line.closed).toEqual({ code: 1008, reason: 'too-slow' })
})

test('a frame above the limit ends the line', async () => {
  await using world = await runApi()
  using line = open(world, '/ws')
  await line.frames.until(isReady)
  line.socket.send('x'.repeat(300 * 1024))
  expect(await line.closed).toMatchObject({ code: 1009 })
})

test.each([
  ['many small events', 10],
  ['few large ones', 60_000],
])('a reader that does not read %s is cut off, and the others miss nothing', async (_, chars) => {
  await using world = await runApi({ timeouts: { closeMs: 20 } })
  using slow = open(world, '/api/v1/events')
  using healthy = open(world, '/api/v1/events')
  await Promise.all([slow.frames.until(isReady), healthy.frames.until(isReady)])
  healthy.frames.all.length = 0
  slow.socket.pause()
  let isCut = false
  const cut = world.daemon.calls
    .until(({ what }) => what === 'events-ended')
    .then(() => {
      isCut = true
    })
  // What the system itself buffers between the two is filled first.
  const filling = 'x'.repeat(chars)
  let published = 0
  while (!isCut) {
    for (let n = 0; n < 50; n++) {
      published += 1
      world.daemon.publish(notice(`${published} ${filling}`))
    }
    const last = `${published} ${filling}`
    await healthy.frames.until((frame) => frame.type === 'notice' && frame.text === last)
    expect(healthy.frames.all.splice(0)).toHaveLength(50)
  }
  await cut
  slow.socket.resume()
  await slow.closed
  world.daemon.publish(notice('after'))
  await healthy.frames.until((frame) => frame.type === 'notice' && frame.text === 'after')
})

test('when the daemon stops, listeners hear that it does', async () => {
  await using world = await runApi()
  using line = open(world, '/api/v1/events')
  await line.frames.until(isReady)
  await world.api.stop()
  expect(await line.closed).toEqual({ code: 1001, reason: 'stopping' })
})

test('the client hears events, and again after the daemon was gone', async () => {
  await using world = await runApi()
  const end = new AbortController()
  const seen = new Seen<unknown>()
  const listening = (async () => {
    for await (const event of world.client.events(end.signal)) seen.push(event)
  })()
  await seen.until((event) => isLike(event, { type: 'ready' }))
  world.daemon.publish(notice('one'))
  await seen.until((event) => isLike(event, { type: 'notice', text: 'one' }))
  await world.api.stop()
  await using _again = await startLocalApi({
    daemon: world.daemon,
    port: world.port,
    tokenFile: join(world.profile, 'api-token'),
    log: pino({ level: 'silent' }),
  })
  await seen.next((event) => isLike(event, { type: 'ready' }))
  world.daemon.publish(notice('two'))
  await seen.until((event) => isLike(event, { type: 'notice', text: 'two' }))
  end.abort()
  await listening
})

test('a client with a wrong token is told so, and does not ask again', async () => {
  await using world = await runApi()
  const { ApiClient } = await import('@parley/api-client')
  const stranger = new ApiClient({ url: world.api.url, token: 'A'.repeat(43) })
  const listening = (async () => {
    for await (const event of stranger.events(AbortSignal.timeout(30_000))) throw new Error(JSON.stringify(event))
  })()
  await expect(listening).rejects.toMatchObject({ code: 'unauthorised' })
})

function isLike(value: unknown, part: object): boolean {
  try {
    expect(value).toMatchObject(part)
    return true
  } catch {
    return false
  }
}
