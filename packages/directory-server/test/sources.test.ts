import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import WebSocket from 'ws'
import { canonicalAddress, sourceOf } from '#http/source-address.ts'
import { networks } from '#settings/networks.ts'
import { ask } from './support/ask.ts'
import { PresenceClient } from './support/presence-client.ts'
import { TestDirectory } from './support/test-directory.ts'

/** Registers and says which address the directory then tells of the account. */
async function observed(
  directory: TestDirectory,
  name: string,
  question: { from?: string; headers?: Record<string, string> },
) {
  const record = await directory.person(name).record()
  const { status, body } = await ask(directory.url, {
    method: 'PUT',
    path: `/v1/users/${name}`,
    body: { record },
    ...question,
  })
  return { status, body }
}

const SPOOFED = {
  'x-forwarded-for': '203.0.113.7',
  forwarded: 'for=203.0.113.7;proto=https',
  'x-real-ip': '203.0.113.7',
  'true-client-ip': '203.0.113.7',
  'cf-connecting-ip': '203.0.113.7',
  'x-client-ip': '203.0.113.7',
}

describe('what a request says of its own way', () => {
  test('means nothing: not for the observed address, not for lookups by it, not for limits', async () => {
    await using directory = await TestDirectory.start({ rateLimit: 'on', limit: { MAX_LOOKUPS_PER_MINUTE: 3 } })

    expect(await observed(directory, 'alice', { headers: SPOOFED })).toMatchObject({
      status: 201,
      body: { observedAddress: '127.0.0.1' },
    })
    expect(await directory.get('/v1/users?ip=203.0.113.7')).toMatchObject({ body: { users: [] } })
    expect(await directory.get('/v1/users?ip=127.0.0.1')).toMatchObject({ body: { users: [{ name: 'alice' }] } })
    const statuses = []
    for (let last = 1; last <= 5; last++) {
      const headers = { 'x-forwarded-for': `203.0.113.${last}`, 'x-real-ip': `203.0.113.${last}` }
      statuses.push((await ask(directory.url, { path: '/v1/users/alice', headers })).status)
    }
    expect(statuses).toEqual([200, 200, 200, 429, 429])
  })

  test('means nothing from somebody who is not the proxy', async () => {
    await using directory = await TestDirectory.start({ trustProxy: ['127.0.0.2/32'] })

    expect(await observed(directory, 'alice', { from: '127.0.0.3', headers: SPOOFED })).toMatchObject({
      status: 201,
      body: { observedAddress: '127.0.0.3' },
    })
  })

  test.each([
    ['the one address', '203.0.113.7', '203.0.113.7'],
    ['the right-most one', '10.9.9.9, 8.8.8.8, 203.0.113.7', '203.0.113.7'],
    ['the right-most one that is no proxy', '203.0.113.9, 203.0.113.7, 127.0.0.9,127.0.0.2', '203.0.113.7'],
    ['the left-most one when all are proxies', '127.0.0.9, 127.0.0.8', '127.0.0.9'],
    ['an IPv4-mapped one as IPv4', '::FFFF:203.0.113.7', '203.0.113.7'],
    ['an IPv6 one in its canonical spelling', '2001:DB8:0:0::0:1', '2001:db8::1'],
    ['the proxy itself when that wrote no address', 'unknown', '127.0.0.2'],
    ['the proxy itself when that wrote nothing', '203.0.113.7,', '127.0.0.2'],
    ['the nearest proxy that is known', '203.0.113.7, nonsense, 127.0.0.8', '127.0.0.8'],
  ])('is taken from the proxy: %s', async (_, chain, address) => {
    await using directory = await TestDirectory.start({ trustProxy: ['127.0.0.2', '127.0.0.8/31'] })
    const headers = { 'x-forwarded-for': chain, 'x-real-ip': '192.0.2.1', forwarded: 'for=192.0.2.1' }

    expect(await observed(directory, 'alice', { from: '127.0.0.2', headers })).toMatchObject({
      status: 201,
      body: { observedAddress: address },
    })
    expect(await directory.get(`/v1/users?ip=${address}`)).toMatchObject({ body: { users: [{ name: 'alice' }] } })
  })

  test('counts behind a proxy for each IPv4 address and each IPv6 /64', async () => {
    const options = { trustProxy: ['127.0.0.1'], limit: { MAX_LOOKUPS_PER_MINUTE: 1 } }
    await using directory = await TestDirectory.start(options)
    const statusOf = async (address: string) => {
      const headers = { 'x-forwarded-for': `192.0.2.99, ${address}` }
      return (await ask(directory.url, { path: '/v1/users/alice', headers })).status
    }

    expect(await statusOf('203.0.113.7')).toBe(404)
    expect(await statusOf('203.0.113.7')).toBe(429)
    expect(await statusOf('::ffff:203.0.113.7')).toBe(429)
    expect(await statusOf('203.0.113.8')).toBe(404)
    expect(await statusOf('2001:db8:1:2::1')).toBe(404)
    expect(await statusOf('2001:db8:1:2:ffff:ffff:ffff:ffff')).toBe(429)
    expect(await statusOf('2001:db8:1:3::1')).toBe(404)
  })

  test('is judged in the same way for WebSockets', async () => {
    await using directory = await TestDirectory.start({ trustProxy: ['127.0.0.1'] })
    const alice = await directory.register('alice')
    const socket = new WebSocket(`${directory.url.replace('http', 'ws')}/v1/presence`, {
      headers: { 'x-forwarded-for': '192.0.2.1, 203.0.113.7' },
    })
    const [data] = await once(socket, 'message')
    const { nonce } = JSON.parse(String(data))
    socket.send(JSON.stringify({ type: 'authenticate', proof: await alice.presenceProof(nonce) }))
    await once(socket, 'message')

    expect(await directory.user('alice')).toMatchObject({ status: 'online', observedAddress: '203.0.113.7' })
    socket.terminate()

    await using untold = await TestDirectory.start()
    const bob = await untold.register('bob')
    await using _client = await PresenceClient.enter(untold.url, bob, bob.device, SPOOFED)
    expect(await untold.user('bob')).toMatchObject({ observedAddress: '127.0.0.1' })
  })
})

test.each([
  ['203.0.113.7', '203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7', '203.0.113.7'],
  ['::FFFF:cb00:7107', '203.0.113.7', '203.0.113.7'],
  ['2001:0DB8::1', '2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['fe80::1%eth0', 'fe80::1', 'fe80:0:0:0::/64'],
  ['::1', '::1', '0:0:0:0::/64'],
])('the address %s is %s, and counts as %s', (address, canonical, block) => {
  expect(canonicalAddress(address)).toBe(canonical)
  expect(sourceOf(address)).toMatchObject({ address: canonical, block })
})

test('the networks of proxies are read strictly', () => {
  expect(networks().parse(['10.0.0.0/8', '192.0.2.1', '2001:db8::/32', '::1'])).toEqual([
    '10.0.0.0/8',
    '192.0.2.1',
    '2001:db8::/32',
    '::1',
  ])
  expect(networks().parse('10.0.0.0/8, ::1')).toEqual(['10.0.0.0/8', '::1'])
  for (const text of [
    'true',
    '1',
    'loopback',
    '10.0.0/8',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    'fe80::%lo/64',
  ]) {
    expect(networks().safeParse([text]).success).toBe(false)
  }
  expect(networks().safeParse(['0.0.0.0/0']).error?.issues[0]?.message).toContain('everybody')
  expect(networks().safeParse(['::ffff:10.0.0.0/104']).error?.issues[0]?.message).toContain('IPv4')
})
