import { once } from 'node:events'
import { connect } from 'node:net'
import { MAX_BODY_BYTES, MAX_PRESENCE_FRAME_BYTES } from '@parley/shared/limits.ts'
import { expect, test } from 'vitest'
import WebSocket from 'ws'
import type { DropReason } from '#http/drops.ts'
import { PresenceClient } from './support/presence-client.ts'
import { TestDirectory } from './support/test-directory.ts'

const WAY_IN = 'PUT /v1/users/alice HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n'

/** Writes bytes and waits for the end that the directory makes. */
async function bytes(directory: TestDirectory, text: string): Promise<void> {
  const { hostname, port } = new URL(directory.url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => {})
  socket.write(text)
  socket.resume()
  await once(socket, 'close')
}

async function frame(directory: TestDirectory, data: string): Promise<void> {
  await using client = await PresenceClient.enter(directory.url, await directory.register('alice'))
  client.socket.send(data)
  await client.closed
}

const CASES: readonly (readonly [DropReason, (directory: TestDirectory) => Promise<unknown>])[] = [
  ['not-http', (directory) => bytes(directory, '\x16\x03\x01\r\n\r\n')],
  ['header-too-large', (directory) => bytes(directory, `GET /v1 HTTP/1.1\r\nX: ${'a'.repeat(9_000)}\r\n\r\n`)],
  ['request-timeout', (directory) => bytes(directory, `${WAY_IN}Content-Length: 9\r\n\r\n{`)],
  ['body-too-large', (directory) => directory.put('/v1/users/alice', { record: 'x'.repeat(MAX_BODY_BYTES) })],
  ['bad-body', (directory) => directory.put('/v1/users/alice', { record: 1 })],
  ['unsupported-body', (directory) => fetch(`${directory.url}/v1/users/alice`, { method: 'PUT', body: 'text' })],
  [
    'bad-upgrade',
    (directory) =>
      bytes(directory, 'GET /v1/presence HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'),
  ],
  [
    'unauthenticated-timeout',
    async (directory) => {
      await using client = await PresenceClient.open(directory.url)
      await client.closed
    },
  ],
  [
    'bad-proof',
    async (directory) => {
      await using client = await PresenceClient.open(directory.url)
      await client.authenticate(directory.person('stranger'))
      await client.closed
    },
  ],
  ['bad-frame', (directory) => frame(directory, 'nonsense')],
  ['frame-too-large', (directory) => frame(directory, 'x'.repeat(MAX_PRESENCE_FRAME_BYTES + 1))],
  [
    'dead-socket',
    async (directory) => {
      await using client = await PresenceClient.enter(directory.url, await directory.register('alice'))
      client.socket.pause()
      while (directory.dropped()['dead-socket'] === undefined) await new Promise(setImmediate)
    },
  ],
  [
    'presence-sockets',
    async (directory) => {
      await using _room = await PresenceClient.enter(directory.url, await directory.register('alice'))
      const refused = new WebSocket(`${directory.url.replace('http', 'ws')}/v1/presence`)
      refused.on('error', () => {})
      await once(refused, 'unexpected-response')
      refused.terminate()
    },
  ],
]

test.each(CASES)('what is refused or cut is counted as %s, and as nothing else', async (reason, provoke) => {
  const limits = {
    MAX_PRESENCE_SOCKETS: 1,
    // Only where somebody is to be late: others may be slow on a busy machine.
    ...(reason === 'request-timeout' && { REQUEST_TIMEOUT_MS: 300 }),
    ...(reason === 'unauthenticated-timeout' && { PRESENCE_AUTH_TIMEOUT_MS: 500 }),
    ...(reason === 'dead-socket' && { PRESENCE_DEAD_MS: 200 }),
  }
  await using directory = await TestDirectory.start({ limit: limits })

  await provoke(directory)

  expect(directory.dropped()).toEqual({ [reason]: 1 })
})

test('nothing is counted of a directory that is used well', async () => {
  await using directory = await TestDirectory.start()
  const alice = await directory.register('alice')
  await using client = await PresenceClient.enter(directory.url, alice)
  await client.close()
  await directory.user('alice')

  expect(directory.dropped()).toEqual({})
})
