import { expect, test } from 'vitest'
import { describeFixedPeer, type FixedPeer, FixedPeers, type FixedPeersOptions } from '#connection/fixed-peers.ts'
import { Keeper } from '#connection/keeper.ts'
import { formatPeerAddress, type PeerAddress, parsePeerAddress } from '#connection/peer-address.ts'
import type { SessionEnd } from '#session/session.ts'
import { SessionError } from '#session/session-error.ts'
import { settled } from '../support/fake-clock.ts'
import { at, deviceKey, refused, world } from './world.ts'

const lost: SessionEnd = { by: 'link', reason: 'lost' }
const address: PeerAddress = { host: '192.0.2.1', port: 8000 }

function fixedWorld(options: Partial<FixedPeersOptions> = {}) {
  const it = world()
  const words: string[] = []
  const onState = (peer: FixedPeer) => words.push(describeFixedPeer(peer, it.clock.now()))
  const peers = new FixedPeers({ dialler: it.dialler, random: () => 0, onState, ...options })
  return { ...it, words, peers, [Symbol.asyncDispose]: () => peers.stop() }
}

test('an address is tried five times a second apart, then with back-off for ever, and it says so', async () => {
  await using it = fixedWorld({ random: () => 1 })
  expect(it.peers.add(address)).toBe(true)
  await it.clock.advance(3_600_000)
  const waits = it.sessions.dialledAt.map((ms, index, all) => (ms - (all[index - 1] ?? 0)) / 1_000)
  expect(waits.slice(0, 14)).toEqual([0, 1, 1, 1, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300])
  expect(it.words.slice(0, 3)).toEqual([
    '192.0.2.1:8000: attempt 1 of 5 …',
    '192.0.2.1:8000: connection refused; next try in 1 s',
    '192.0.2.1:8000: attempt 2 of 5 …',
  ])
  expect(it.words.slice(8, 13)).toEqual([
    '192.0.2.1:8000: attempt 5 of 5 …',
    '192.0.2.1:8000: connection refused; next try in 2 s',
    '192.0.2.1:8000: attempt 6 …',
    '192.0.2.1:8000: connection refused; next try in 4 s',
    '192.0.2.1:8000: attempt 7 …',
  ])
  expect(it.attempts[0]).toMatchObject({
    what: 'dial',
    device: undefined,
    endpoint: at(8000, '192.0.2.1'),
    outcome: 'link-failed',
  })
})

test('whoever answers is taken, kept, and dialled again when the session is lost', async () => {
  await using it = fixedWorld()
  const bob = deviceKey()
  it.sessions.answer = () => bob
  it.peers.add(address)
  await settled()
  expect(it.sessions.dials[0]?.expect).toBeUndefined()
  expect(it.peers.list()).toEqual([{ address, device: bob, state: { state: 'connected' } }])
  expect(it.words.at(-1)).toBe(`192.0.2.1:8000: connected to ${bob}`)

  const carol = deviceKey()
  it.sessions.answer = () => carol
  it.sessions.disconnect(bob)
  it.peers.sessionDown(bob, lost)
  await settled()
  expect(it.peers.list()).toEqual([{ address, device: carol, state: { state: 'connected' } }])
  await it.clock.advance(60_000)
  it.sessions.disconnect(carol)
  it.sessions.answer = refused
  it.peers.sessionDown(carol, lost)
  await it.clock.advance(3_500)
  expect(it.sessions.dialledAt.slice(2)).toEqual([60_000, 61_000, 62_000, 63_000])
})

test('a device that a keeper wants too is never dialled by both', async () => {
  await using it = fixedWorld()
  const bob = deviceKey()
  it.sessions.answer = () => bob
  it.peers.add(address)
  await settled()
  const finder = {
    async *find() {
      await Promise.resolve()
      yield { endpoint: at(9000), from: 'worked' as const }
    },
  }
  const keeper = new Keeper({ dialler: it.dialler, finder, random: () => 0 })
  keeper.want(bob)
  await settled()
  expect(it.sessions.dials).toHaveLength(1)

  it.sessions.answer = () => 'hang'
  it.sessions.disconnect(bob)
  keeper.sessionDown(bob, lost)
  it.peers.sessionDown(bob, lost)
  await settled()
  expect(it.sessions.active).toBe(1)
  it.sessions.connect(bob)
  keeper.sessionUp(bob)
  it.peers.sessionUp(bob)
  await it.clock.advance(60_000)
  expect(it.sessions.dials).toHaveLength(2)
  expect(it.sessions.mostActive).toBe(1)
  await keeper.stop()
})

test('a name is resolved anew at every try, and all its addresses are dialled', async () => {
  const answers = [new Error('ENOTFOUND'), [], ['2a00::1', '192.0.2.7'], ['192.0.2.8']]
  const asked: string[] = []
  const resolve = (name: string) => {
    asked.push(name)
    const answer = answers.shift() ?? []
    return answer instanceof Error
      ? Promise.reject(Object.assign(answer, { code: 'ENOTFOUND' }))
      : Promise.resolve(answer)
  }
  await using it = fixedWorld({ resolve })
  it.peers.add({ host: 'bob.example', port: 8000 })
  await it.clock.advance(3_000)
  expect(asked).toEqual(['bob.example', 'bob.example', 'bob.example', 'bob.example'])
  expect(it.sessions.dials.map((dial) => dial.endpoint.host)).toEqual(['2a00::1', '192.0.2.7', '192.0.2.8'])
  expect(it.attempts[0]).toMatchObject({ what: 'look-up', outcome: 'ENOTFOUND' })
  expect(it.words[3]).toBe('bob.example:8000: bob.example has no address; next try in 1 s')
})

test('patience is shown to whoever asks for it', async () => {
  await using it = fixedWorld()
  it.sessions.answer = () => new SessionError('refused', 'busy', { bye: { reason: 'busy', retryAfterMs: 90_000 } })
  it.peers.add(address)
  await it.clock.advance(89_999)
  expect(it.sessions.dials).toHaveLength(1)
  await it.clock.advance(1)
  expect(it.sessions.dials).toHaveLength(2)
})

test('an address can be given up, and stopping ends a try and a name that never resolves', async () => {
  await using it = fixedWorld({ resolve: () => new Promise(() => undefined) })
  it.sessions.answer = () => 'hang'
  it.peers.add(address)
  it.peers.add(address)
  it.peers.add({ host: 'never.example', port: 1 })
  await settled()
  expect(it.peers.list()).toHaveLength(2)
  expect(it.peers.remove(address)).toBe(true)
  expect(it.peers.remove(address)).toBe(false)
  await settled()
  expect(it.sessions.active).toBe(0)
  expect(it.words.at(-1)).toBe('192.0.2.1:8000: given up')
  await it.peers.stop()
  await it.peers.stop()
  expect(it.peers.add(address)).toBe(false)
  expect(it.clock.timers).toBe(0)
  expect(it.attempts).toEqual([])
})

test('there is a limit to how many addresses are tried', async () => {
  await using it = fixedWorld()
  for (let port = 1; port <= 256; port += 1) expect(it.peers.add({ host: '192.0.2.1', port })).toBe(true)
  expect(it.peers.add({ host: '192.0.2.1', port: 257 })).toBe(false)
})

test.each([
  ['1.2.3.4:8000', { host: '1.2.3.4', port: 8000 }],
  [' bob.example.org:65535 ', { host: 'bob.example.org', port: 65_535 }],
  ['localhost:1', { host: 'localhost', port: 1 }],
  ['my_host-2:80', { host: 'my_host-2', port: 80 }],
  ['[::1]:8000', { host: '::1', port: 8000 }],
  ['[fe80::1%eth0]:8000', { host: 'fe80::1%eth0', port: 8000 }],
])('%j is an address', (text, expected) => {
  const parsed = parsePeerAddress(text)
  expect(parsed).toEqual(expected)
  if (parsed !== undefined) expect(parsePeerAddress(formatPeerAddress(parsed))).toEqual(parsed)
})

test.each([
  '',
  '8000',
  ':8000',
  '1.2.3.4',
  '1.2.3.4:',
  '1.2.3.4:0',
  '1.2.3.4:65536',
  '1.2.3.4:80:90',
  '256.1.1.1:80',
  '127.1:80',
  '2130706433:80',
  '::1:8000',
  '[::1]',
  '[1.2.3.4]:80',
  '[bob]:80',
  'bob example:80',
  'bob/x:80',
  'a..b:80',
  '-bob:80',
  `${'a'.repeat(64)}:80`,
  'http://bob:80',
])('%j is no address', (text) => {
  expect(parsePeerAddress(text)).toBeUndefined()
})
