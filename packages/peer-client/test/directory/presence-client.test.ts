import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { CLOSE, type PresenceChange, ToDirectory } from '@parley/shared/directory-api/presence.ts'
import { audienceOf } from '@parley/shared/hashes.ts'
import { DirectoryKey, foldName, type Name } from '@parley/shared/ids.ts'
import { generateKeyPair } from '@parley/shared/keys.ts'
import { MAX_WATCHED_NAMES, REDIAL_MAX_MS } from '@parley/shared/limits.ts'
import { verifyDeviceProof } from '@parley/shared/signed/device-proof.ts'
import { expect, test } from 'vitest'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import { PresenceClient, type PresenceClientOptions, type PresenceState } from '#directory/presence-client.ts'
import type { Identity } from '#identity/identity.ts'
import { clientOf } from '../support/clients.ts'
import { FakeClock, settled } from '../support/fake-clock.ts'
import { identityOf } from '../support/identities.ts'
import { fakePrekeys } from '../support/prekeys.ts'
import { startDirectory } from '../support/running-directory.ts'
import { Seen } from '../support/seen.ts'

const audience = audienceOf(generateKeyPair(DirectoryKey).publicKey)

function presenceOf(identity: Identity, url: string, options: Partial<PresenceClientOptions> = {}) {
  const states = new Seen<PresenceState>()
  const changes = new Seen<PresenceChange>()
  const prekeys = new Seen<number>()
  const client = new PresenceClient({
    url,
    identity,
    audience: () => Promise.resolve(audience),
    onChange: changes.push,
    onPrekeys: prekeys.push,
    onState: states.push,
    random: () => 0,
    ...options,
  })
  client.start()
  return { client, states, changes, prekeys, [Symbol.asyncDispose]: () => client.stop() }
}

const isState = (state: PresenceState['state']) => (seen: PresenceState) => seen.state === state

function nameOf(typed: string): Name {
  const name = foldName(typed)
  if (name === undefined) throw new Error(`${typed} is not a name`)
  return name
}

/** A server that speaks presence as a test tells it to. */
async function scriptedPresence(onSocket: (socket: WebSocket, count: number) => void) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  let count = 0
  server.on('connection', (socket) => {
    count += 1
    socket.on('error', () => undefined)
    onSocket(socket, count)
  })
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    sockets: server.clients,
    [Symbol.asyncDispose]: async () => {
      for (const socket of server.clients) socket.terminate()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const send = (socket: WebSocket, frame: object) => socket.send(JSON.stringify(frame))
const challenge = { type: 'challenge', nonce: 'A'.repeat(22) }

function frameOf(data: RawData): ToDirectory {
  if (!Buffer.isBuffer(data)) throw new Error('a fragmented frame')
  return ToDirectory.parse(JSON.parse(data.toString()))
}

/** Lets everybody in who answers the challenge, and hands over what comes after. */
function welcome(socket: WebSocket, onFrame: (frame: ToDirectory) => void = () => undefined) {
  send(socket, challenge)
  socket.on('message', (data) => {
    const frame = frameOf(data)
    if (frame.type === 'authenticate') send(socket, { type: 'ready' })
    else onFrame(frame)
  })
}

test('a device is online while its presence client runs, and those who watch its name hear of it', async () => {
  await using directory = await startDirectory()
  const [alice, bob] = [await identityOf('alice'), await identityOf('bob')]
  using asAlice = clientOf(alice, directory.url)
  using asBob = clientOf(bob, directory.url)
  await asAlice.publishRecord()
  await asBob.publishRecord()
  await asAlice.uploadPrekeys(fakePrekeys(1, 2))
  await using watching = presenceOf(alice, directory.url, { audience: (options) => asAlice.audience(options) })
  watching.client.watch([bob.name])
  expect(await watching.changes.until((change) => change.name === bob.name)).toEqual({
    name: bob.name,
    status: 'offline',
  })
  const coming = presenceOf(bob, directory.url, { audience: (options) => asBob.audience(options) })
  await watching.changes.until((change) => change.status === 'online')
  expect((await asAlice.lookup(bob.name))?.observed.status).toBe('online')

  expect(await watching.prekeys.until(() => true)).toBe(2)
  await asBob.claimPrekeys(alice.name, alice.device.publicKey)
  await watching.prekeys.until((oneTime) => oneTime === 1)

  const gone = watching.changes.next((change) => change.status === 'offline')
  await coming.client.stop()
  await coming.client.stop()
  expect(coming.client.state).toEqual({ state: 'stopped' })
  expect(await gone).toMatchObject({ name: bob.name, status: 'offline', lastSeen: expect.any(Number) })
})

test('after a restart of the directory it connects again by itself and watches the same names', async () => {
  await using directory = await startDirectory()
  const [alice, bob] = [await identityOf('alice'), await identityOf('bob')]
  using asAlice = clientOf(alice, directory.url)
  using asBob = clientOf(bob, directory.url)
  await asAlice.publishRecord()
  await asBob.publishRecord()
  const clock = new FakeClock()
  await using watching = presenceOf(alice, directory.url, { clock, audience: (options) => asAlice.audience(options) })
  watching.client.watch([bob.name])
  await watching.changes.until(() => true)

  await directory.stop()
  expect(await watching.states.until(isState('waiting'))).toMatchObject({
    until: clock.now() + 1_000,
    error: { code: 'unreachable' },
  })
  await directory.restart()
  const [online, stated] = [watching.states.next(isState('online')), watching.changes.next(() => true)]
  watching.client.retryNow()
  await online
  expect(await stated).toMatchObject({ name: bob.name, status: 'offline' })
})

test('the answer to the challenge is signed by the device, for this directory and this connection', async () => {
  const alice = await identityOf('alice')
  const proof = Promise.withResolvers<string>()
  await using server = await scriptedPresence((socket) => {
    send(socket, challenge)
    socket.on('message', (data) => {
      const frame = frameOf(data)
      if (frame.type === 'authenticate') proof.resolve(frame.proof)
    })
  })
  await using presence = presenceOf(alice, server.url)
  expect(await verifyDeviceProof('presence', await proof.promise, audience)).toEqual({
    v: 1,
    aud: audience,
    accountId: alice.accountId,
    name: alice.name,
    deviceKey: alice.device.publicKey,
    nonce: challenge.nonce,
  })
  expect(presence.client.state).toEqual({ state: 'connecting' })
})

test('names are watched in frames of bounded size, new ones as they come, all of them after a reconnect', async () => {
  const alice = await identityOf('alice')
  const frames = new Seen<ToDirectory & { connection: number }>()
  await using server = await scriptedPresence((socket, connection) =>
    welcome(socket, (frame) => frames.push({ ...frame, connection })),
  )
  await using presence = presenceOf(alice, server.url)
  const names = Array.from({ length: 450 }, (_, index) => nameOf(`user${index}`))
  presence.client.watch(names)
  presence.client.watch(names.slice(0, 10))
  const first = names[0] ?? alice.name
  presence.client.unwatch([first, alice.name])
  await presence.states.until(isState('online'))
  presence.client.watch([alice.name])
  await frames.until((frame) => frame.type === 'watch' && frame.names.includes(alice.name))
  presence.client.unwatch([alice.name])
  await frames.until((frame) => frame.type === 'unwatch')
  const sizes = (connection: number) =>
    frames.all.flatMap((frame) =>
      frame.connection === connection && frame.type !== 'authenticate' ? [[frame.type, frame.names.length]] : [],
    )
  expect(sizes(1)).toEqual([
    ['watch', 200],
    ['watch', 200],
    ['watch', 49],
    ['watch', 1],
    ['unwatch', 1],
  ])
  for (const socket of server.sockets) socket.close(CLOSE.stopping)
  await presence.states.until(isState('waiting'))
  presence.client.retryNow()
  await frames.until((frame) => frame.connection === 2 && frame.type === 'watch' && frame.names.length === 49)
  expect(sizes(2)).toEqual([
    ['watch', 200],
    ['watch', 200],
    ['watch', 49],
  ])
})

test('more names than can be watched are refused, and none of them is taken', async () => {
  const alice = await identityOf('alice')
  await using server = await scriptedPresence((socket) => welcome(socket))
  await using presence = presenceOf(alice, server.url)
  const names = Array.from({ length: MAX_WATCHED_NAMES }, (_, index) => nameOf(`user${index}`))
  presence.client.watch(names)
  presence.client.watch(names)
  expect(() => presence.client.watch([alice.name])).toThrow(expect.objectContaining({ code: 'too-many-names' }))
  presence.client.unwatch(names.slice(0, 1))
  presence.client.watch([alice.name])
})

test('only what was asked for is handed on, and a kind of frame from the future is passed over', async () => {
  const [alice, bob] = [await identityOf('alice'), await identityOf('bob')]
  await using server = await scriptedPresence((socket) => {
    send(socket, { type: 'prekeys', oneTime: 0 })
    welcome(socket, () => {
      send(socket, { type: 'signal-from-the-future', body: 1 })
      const changes = ['mallory', 'bob'].map((name) => ({ name, status: 'online' }))
      send(socket, { type: 'presence', changes })
      send(socket, { type: 'prekeys', oneTime: 12 })
    })
  })
  await using presence = presenceOf(alice, server.url)
  presence.client.watch([bob.name])
  await presence.prekeys.until((oneTime) => oneTime === 12)
  expect(presence.prekeys.all).toEqual([12])
  expect(presence.changes.all).toEqual([{ name: 'bob', status: 'online' }])
})

test('waits grow with every failure up to the maximum, and start over once it was online', async () => {
  const alice = await identityOf('alice')
  let accepts = false
  await using server = await scriptedPresence((socket) => {
    if (accepts) welcome(socket)
    else socket.close(CLOSE.unauthenticated, 'no')
  })
  const clock = new FakeClock()
  await using presence = presenceOf(alice, server.url, { clock, random: () => 1 })
  const waits: number[] = []
  for (let attempt = 0; attempt < 10; attempt += 1) {
    const state = await presence.states.next(isState('waiting'))
    if (state.state === 'waiting') waits.push(state.until - clock.now())
    presence.client.retryNow()
  }
  expect(waits).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map((seconds) => seconds * 1_000))
  accepts = true
  await presence.states.next(isState('online'))
  for (const socket of server.sockets) socket.terminate()
  const state = await presence.states.next(isState('waiting'))
  expect(state.state === 'waiting' && state.until - clock.now()).toBe(2_000)
})

test('a directory that falls silent, before or after it let us in, is given up', async () => {
  const alice = await identityOf('alice')
  await using server = await scriptedPresence((socket, connection) => {
    if (connection > 1) welcome(socket)
  })
  const clock = new FakeClock()
  await using presence = presenceOf(alice, server.url, { clock, timeoutMs: 10_000, deadMs: 45_000 })
  await settled()
  const connected = once(await firstOf(server.sockets), 'close')
  await clock.advance(9_999)
  expect(presence.client.state).toEqual({ state: 'connecting' })
  await clock.advance(1)
  await connected
  expect(await presence.states.until(isState('waiting'))).toMatchObject({ error: { code: 'timed-out' } })
  const online = presence.states.next(isState('online'))
  await clock.advance(1_000)
  await online
  const [socket] = server.sockets
  await clock.advance(44_000)
  const pong = once(socket ?? (await firstOf(server.sockets)), 'pong')
  socket?.ping()
  await pong
  await clock.advance(44_000)
  expect(presence.client.state).toEqual({ state: 'online' })
  const waiting = presence.states.next(isState('waiting'))
  await clock.advance(1_000)
  expect(await waiting).toMatchObject({ error: { code: 'timed-out' } })
})

async function firstOf(sockets: Set<WebSocket>): Promise<WebSocket> {
  for (;;) {
    const [socket] = sockets
    if (socket !== undefined) return socket
    await settled()
  }
}

test('a second connection of the same device is not fought over', async () => {
  const alice = await identityOf('alice')
  await using server = await scriptedPresence((socket) => socket.close(CLOSE.replaced))
  const clock = new FakeClock()
  await using presence = presenceOf(alice, server.url, { clock })
  expect(await presence.states.until(isState('waiting'))).toMatchObject({
    until: clock.now() + REDIAL_MAX_MS,
    error: { code: 'replaced' },
  })
})

test('hostile frames end the connection with a reason, and it waits before the next', async () => {
  const alice = await identityOf('alice')
  const hostile: [string | Buffer, string][] = [
    ['{', 'not-a-directory'],
    ['[]', 'not-a-directory'],
    ['{"type":"challenge","nonce":"short"}', 'not-a-directory'],
    ['{"type":"challenge","type":"challenge"}', 'not-a-directory'],
    ['['.repeat(60_000), 'not-a-directory'],
    [Buffer.of(1, 2, 3), 'not-a-directory'],
    [' '.repeat(2 * 1024 * 1024), 'unreachable'],
    ['{"type":"problem","code":"not-a-user","detail":"register first"}', 'problem'],
  ]
  await using server = await scriptedPresence((socket, connection) => {
    const [bytes] = hostile[connection - 1] ?? ['']
    socket.send(bytes)
    if (bytes.includes('problem')) socket.close(CLOSE.unauthenticated)
  })
  await using presence = presenceOf(alice, server.url, { clock: new FakeClock() })
  for (const [frame, code] of hostile) {
    const state = await presence.states.until(isState('waiting'))
    expect([frame.slice(0, 40), state]).toEqual([
      frame.slice(0, 40),
      expect.objectContaining({ error: expect.objectContaining({ code }) }),
    ])
    presence.states.all.length = 0
    presence.client.retryNow()
  }
})

test('a server that is no directory, or no server at all, is retried', async () => {
  const alice = await identityOf('alice')
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined))
    socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/below/`
  await using presence = presenceOf(alice, url, { clock: new FakeClock() })
  expect(await presence.states.until(isState('waiting'))).toMatchObject({
    error: { code: 'unreachable', message: expect.stringContaining('404') },
  })
  for (const socket of sockets) socket.destroy()
  await new Promise((resolve) => server.close(resolve))
  const refused = presence.states.next(isState('waiting'))
  presence.client.retryNow()
  expect(await refused).toMatchObject({
    error: { code: 'unreachable', message: expect.stringContaining('ECONNREFUSED') },
  })
})

test('stopping ends whatever it was doing, and nothing stays behind', async () => {
  const alice = await identityOf('alice')
  await using server = await scriptedPresence(() => undefined)
  const clock = new FakeClock()
  const waitsForever = presenceOf(alice, server.url, {
    clock,
    audience: async ({ signal }) => {
      await once(signal, 'abort')
      throw new Error('given up')
    },
  })
  await waitsForever.client.stop()
  const connecting = presenceOf(alice, server.url, { clock })
  await settled()
  await connecting.client.stop()
  const connected = presenceOf(alice, server.url, { clock })
  await firstOf(server.sockets)
  await connected.client.stop()
  for (const { client } of [waitsForever, connecting, connected]) expect(client.state).toEqual({ state: 'stopped' })
  expect(clock.timers).toBe(0)
  const never = new PresenceClient({
    url: server.url,
    identity: alice,
    audience: () => Promise.resolve(audience),
    onChange: () => undefined,
    onPrekeys: () => undefined,
  })
  await never.stop()
})
