import { describe, expect, test } from '@jest/globals'
import { appFrame, makePair, NETS, type Net, Peer, textOf } from './world.ts'

async function twoPeers(net: Net) {
  const [lower, higher] = await makePair()
  const alice = new Peer(lower, net.transport('a'))
  const bob = new Peer(higher, net.transport('b'))
  await alice.listen(net.host('a'))
  await bob.listen(net.host('b'))
  return {
    alice,
    bob,
    [Symbol.asyncDispose]: () => Promise.all([alice.sessions.stop(), bob.sessions.stop()]).then(() => {}),
  }
}

describe.each(NETS)('sessions over %s', (_name, makeNet) => {
  test('a dial brings up one session on both sides, and frames go both ways', async () => {
    await using world = await twoPeers(makeNet())
    const { alice, bob } = world
    const session = await alice.sessions.dial(bob.at, { expect: bob.key })
    await bob.until(() => bob.ups.length === 1)
    expect(alice.sessions.current(bob.key)).toBe(session)
    expect(session.device).toBe(bob.key)
    expect(session.hello.name).toBe(bob.device.greeting.name)
    expect(session.certificate.deviceKey).toBe(bob.key)
    expect(bob.sessions.isConnected(alice.key)).toBe(true)

    expect(session.send(appFrame('from alice'))).toBe(true)
    await bob.until(() => bob.frames.length === 1)
    expect(bob.frames.map(({ frame }) => textOf(frame))).toEqual(['from alice'])
    bob.sessions.current(alice.key)?.send(appFrame('from bob'))
    await alice.until(() => alice.frames.length === 1)
    expect(alice.frames.map(({ frame }) => textOf(frame))).toEqual(['from bob'])
  })

  test('a closed session ends on both sides, with its reason', async () => {
    await using world = await twoPeers(makeNet())
    const { alice, bob } = world
    const session = await alice.sessions.dial(bob.at)
    session.send(appFrame('last words'))
    expect(await session.close('disconnected')).toEqual({ by: 'us', reason: 'disconnected' })
    await bob.until(() => bob.downs.length === 1)
    expect(bob.downs[0]?.end).toEqual({ by: 'peer', reason: 'disconnected' })
    expect(bob.frames.map(({ frame }) => textOf(frame))).toEqual(['last words'])
    expect(alice.sessions.isConnected(bob.key)).toBe(false)
    expect(session.send(appFrame('too late'))).toBe(false)
  })
})
