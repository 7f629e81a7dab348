import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import WebSocket from 'ws'
import { ask } from './support/ask.ts'
import { PresenceClient } from './support/presence-client.ts'
import { refusal, TestDirectory } from './support/test-directory.ts'

/** A connection that says nothing, and whose end is no error. */
async function hold(directory: TestDirectory, localAddress: string): Promise<Socket> {
  const { hostname, port } = new URL(directory.url)
  const socket = connect({ host: hostname, port: Number(port), localAddress })
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

async function untilServed(directory: TestDirectory, from: string): Promise<void> {
  const isServed = () =>
    ask(directory.url, { path: '/v1', from }).then(
      ({ status }) => status === 200,
      () => false,
    )
  while (!(await isServed())) await new Promise(setImmediate)
}

describe('one source', () => {
  test('holds so many connections, the next is cut, and others are served meanwhile', async () => {
    await using directory = await TestDirectory.start({ rateLimit: 'on', limit: { MAX_SOCKETS_PER_SOURCE: 3 } })
    const held = await Promise.all(Array.from({ length: 3 }, () => hold(directory, '127.0.0.2')))
    const tooMany = await hold(directory, '127.0.0.2')
    await once(tooMany.resume(), 'close')

    await expect(ask(directory.url, { path: '/v1', from: '127.0.0.2' })).rejects.toThrow()
    expect(await ask(directory.url, { path: '/v1', from: '127.0.0.3' })).toMatchObject({ status: 200 })
    await using _client = await PresenceClient.open(directory.url)
    expect(directory.dropped()).toEqual({ 'sockets-per-source': 2 })

    held.pop()?.destroy()
    await untilServed(directory, '127.0.0.2')
    for (const socket of held) socket.destroy()
  })

  test('opens connections no faster than it may', async () => {
    const limit = { MAX_NEW_SOCKETS_PER_SECOND: 2, MAX_SOCKETS_PER_SOURCE: 1_000 }
    await using directory = await TestDirectory.start({ rateLimit: 'on', limit })
    const flood = await Promise.all(Array.from({ length: 40 }, () => hold(directory, '127.0.0.2')))
    await Promise.race(flood.map((socket) => once(socket.resume(), 'close')))

    expect(await ask(directory.url, { path: '/v1', from: '127.0.0.3' })).toMatchObject({ status: 200 })
    expect(directory.dropped()['new-sockets-per-source']).toBeGreaterThan(0)
    for (const socket of flood) socket.destroy()
  })

  test('behind a proxy is counted by its WebSockets, and the connections of the proxy are not counted', async () => {
    const options = {
      trustProxy: ['127.0.0.1'],
      limit: { MAX_SOCKETS_PER_SOURCE: 2, MAX_NEW_SOCKETS_PER_SECOND: 1_000 },
    }
    await using directory = await TestDirectory.start(options)
    const from = (address: string) => ({ 'x-forwarded-for': address })
    await using one = await PresenceClient.open(directory.url, from('203.0.113.7'))
    await using _two = await PresenceClient.open(directory.url, from('203.0.113.7'))
    const refused = new WebSocket(`${directory.url.replace('http', 'ws')}/v1/presence`, {
      headers: from('203.0.113.7'),
    })
    refused.on('error', () => {})
    const [, response] = await once(refused, 'unexpected-response')

    expect(response).toMatchObject({ statusCode: 429, headers: { 'retry-after': '5' } })
    expect(JSON.parse(String(Buffer.concat(await response.toArray())))).toMatchObject(refusal(429, 'rate-limited').body)
    refused.terminate()
    await using _other = await PresenceClient.open(directory.url, from('203.0.113.8'))
    expect(directory.dropped()).toEqual({ 'sockets-per-source': 1 })
    await one.close()
    await using _again = await PresenceClient.open(directory.url, from('203.0.113.7'))
  })
})

test('a connection whose answers nobody reads is given up', async () => {
  await using directory = await TestDirectory.start({ limit: { STALLED_TIMEOUT_MS: 300 } })
  const socket = await hold(directory, '127.0.0.1')
  socket.pause()
  // More than what the kernel keeps for a connection on this machine.
  socket.write('GET /v1 HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(20_000))
  while (directory.dropped()['stalled-reader'] === undefined) await new Promise(setImmediate)

  expect(directory.dropped()).toEqual({ 'stalled-reader': 1 })
  socket.destroy()
})
