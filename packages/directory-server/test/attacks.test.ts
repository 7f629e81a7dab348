// Attacks at full size, from a neighbour (127.0.0.2) of the honest client, with the limits that a directory has by default.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { MAX_PREKEY_BODY_BYTES, MAX_SOCKETS_PER_SOURCE } from '@parley/shared/limits.ts'
import { beforeAll, describe, expect, test } from 'vitest'
import WebSocket from 'ws'
import { ask } from './support/ask.ts'
import type { Person } from './support/people.ts'
import { PresenceClient } from './support/presence-client.ts'
import { refusal, shareDirectory, TestDirectory } from './support/test-directory.ts'

const HOSTILE = '127.0.0.2'
const JSON_TYPE = { 'content-type': 'application/json' }

async function hold(directory: TestDirectory): Promise<Socket> {
  const { hostname, port } = new URL(directory.url)
  const socket = connect({ host: hostname, port: Number(port), localAddress: HOSTILE })
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

/** A reset is as good an end as any. */
function ended(connection: Socket | WebSocket): Promise<void> {
  return new Promise((resolve) => connection.once('close', () => resolve()))
}

/** Writes on and on; returns the way to stop. */
function drip(socket: Socket, text: string): Disposable {
  const timer = setInterval(() => socket.writable && socket.write(text), 20)
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

/** For attacks that need no limits of their own, and leave nothing behind. Alice is registered. */
const shared = shareDirectory()
let alice: Person | undefined

beforeAll(async () => {
  alice = await shared().register('alice')
})

describe('a slow request', () => {
  test.each([
    ['whose header never ends', 'GET /v1 HTTP/1.1\r\nHost: x\r\n', 'X-More: 1\r\n', 'REQUEST_HEADERS_TIMEOUT_MS'],
    [
      'whose body never ends',
      'PUT /v1/users/alice HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 16000\r\n\r\n',
      ' ',
      'REQUEST_TIMEOUT_MS',
    ],
    [
      'whose chunks never end',
      'PUT /v1/users/alice HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
      '1\r\n \r\n',
      'REQUEST_TIMEOUT_MS',
    ],
  ])('%s is cut although a byte comes all the time', async (_, start, more, limit) => {
    await using directory = await TestDirectory.start({ rateLimit: 'on', limit: { [limit]: 300 } })
    const socket = await hold(directory)
    socket.write(start)
    using _dripping = drip(socket, more)

    await ended(socket.resume())
    expect(directory.dropped()).toEqual({ 'request-timeout': 1 })
  })

  test('has company: one source holds no more of them than it may hold connections, and others are served', async () => {
    await using directory = await TestDirectory.start({
      rateLimit: 'on',
      limit: { MAX_NEW_SOCKETS_PER_SECOND: 10_000 },
    })
    await directory.register('alice')
    const flood = await Promise.all(Array.from({ length: 200 }, () => hold(directory)))
    for (const socket of flood) if (socket.writable) socket.write('GET /v1 HTTP/1.1\r\nHost: x\r\nX-Slow: ')

    expect(await directory.user('alice')).toMatchObject({ name: 'alice' })
    await using _client = await PresenceClient.open(directory.url)
    expect(directory.dropped()).toEqual({ 'sockets-per-source': 200 - MAX_SOCKETS_PER_SOURCE })
    for (const socket of flood) socket.destroy()
  })
})

describe('a body', () => {
  const bombs: readonly (readonly [string, string])[] = [
    ['of arrays, 45,000 deep in 90 kB', `${'['.repeat(45_000)}${']'.repeat(45_000)}`],
    ['of objects, 40,000 deep', `${'{"a":'.repeat(40_000)}1${'}'.repeat(40_000)}`],
    ['that is one array of 120,000 numbers', `[${'0,'.repeat(119_999)}0]`],
    ['that is an array of 80,000 arrays', `[${'[],'.repeat(79_999)}[]]`],
    ['with 20,000 keys', `{${Array.from({ length: 20_000 }, (_, key) => `"${key}":0`).join(',')}}`],
    ['with one key 20,000 times', `{${Array.from({ length: 20_000 }, () => '"upload":0').join(',')}}`],
    ['with one key twice, once escaped', '{"upload":"a.b.c","\\u0075pload":"a.b.c","prekeys":""}'],
    ['with the prototype as a key', '{"upload":"a.b.c","prekeys":"","__proto__":{"isAdmin":true}}'],
    ['with the prototype as an escaped key', '{"\\u005f_proto__":{"isAdmin":true},"upload":"a.b.c","prekeys":""}'],
    ['with a string of 250,000 backslashes', `{"upload":"${'\\\\'.repeat(125_000)}"}`],
    ['with a number of 250,000 digits', `{"upload":${'9'.repeat(250_000)}}`],
  ]

  test.each(bombs)('%s is refused, and the next request is answered', async (_, body) => {
    const directory = shared()
    const path = `/v1/users/alice/devices/${alice?.device.id}/prekeys`
    expect(body.length).toBeLessThan(MAX_PREKEY_BODY_BYTES)
    const response = await fetch(`${directory.url}${path}`, { method: 'PUT', body, headers: JSON_TYPE })

    expect({ status: response.status, body: await response.json() }).toMatchObject(refusal(400, 'bad-json'))
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined()
    expect(await directory.user('alice')).toMatchObject({ name: 'alice' })
  })

  test('that is a compression bomb is not opened, whatever it says it is', async () => {
    const directory = shared()
    const bomb = gzipSync(Buffer.alloc(8 * 1024 * 1024, 0x20))
    for (const encoding of ['gzip', 'deflate', 'br', 'zstd', 'x-gzip', 'gzip, gzip', 'identity, gzip']) {
      const headers = { ...JSON_TYPE, 'content-encoding': encoding }
      const response = await fetch(`${directory.url}/v1/users/alice`, { method: 'PUT', body: bomb, headers })
      expect({ status: response.status, body: await response.json() }).toMatchObject(
        refusal(415, 'unsupported-media-type'),
      )
    }
  })

  test.each([
    ['where one is taken', 'PUT /v1/users/alice', 413],
    ['where prekeys are taken', `PUT /v1/users/alice/devices/${'A'.repeat(43)}/prekeys`, 413],
    ['where none is', 'GET /v1', 200],
    ['where nothing is', 'POST /nothing', 404],
  ])('of 4 GiB is not waited for %s', async (_, line, status) => {
    const directory = shared()
    const socket = await hold(directory)
    socket.write(`${line} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${2 ** 32}\r\n\r\n{`)
    const [first] = await once(socket, 'data')

    expect(String(first)).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    socket.destroy()
  })
})

describe('WebSockets', () => {
  test('that never say who they are fill no more than their share, and are gone when their time is over', async () => {
    const limit = {
      MAX_UNAUTHENTICATED_SOCKETS: 20,
      MAX_NEW_SOCKETS_PER_SECOND: 10_000,
      PRESENCE_AUTH_TIMEOUT_MS: 1_500,
    }
    await using directory = await TestDirectory.start({ rateLimit: 'on', limit })
    const alice = await directory.register('alice')
    await using visit = await PresenceClient.enter(directory.url, alice)
    const url = `${directory.url.replace('http', 'ws')}/v1/presence`
    const flood = Array.from({ length: 60 }, () => new WebSocket(url, { localAddress: HOSTILE }).on('error', () => {}))
    const closed = Promise.all(flood.map(ended))

    expect(await directory.user('alice')).toMatchObject({ status: 'online' })
    await closed
    expect(directory.dropped()).toEqual({ 'unauthenticated-sockets': 40, 'unauthenticated-timeout': 20 })
    expect(visit.socket.readyState).toBe(WebSocket.OPEN)
    await using _next = await PresenceClient.open(directory.url)
  })

  test('get no compression, however they ask for it', async () => {
    const directory = shared()
    const socket = new WebSocket(`${directory.url.replace('http', 'ws')}/v1/presence`, { perMessageDeflate: true })
    await once(socket, 'open')

    expect(socket.extensions).toBe('')
    socket.terminate()
  })

  test('whose handshake is not one are refused like any other request', async () => {
    const directory = shared()
    const headers = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '1' }

    expect(await ask(directory.url, { path: '/v1/presence', headers })).toMatchObject(refusal(400, 'bad-request'))
  })
})

test.each(['/v1', '/v1/users/alice', '/v1/users', '/v1/search', '/healthz', '/readyz'])(
  'a parameter that %s does not know is refused',
  async (path) => {
    const directory = shared()

    expect(await directory.get(`${path}?q=alice&debug=1`)).toMatchObject(refusal(400, 'bad-query'))
  },
)
