import { MAX_OUTBOUND_BYTES } from '@parley/shared/limits.ts'
import { describe, expect, test } from 'vitest'
import type { Session } from '#session/session.ts'
import { MemoryNetwork } from '#transport/memory.ts'
import { ManualClock } from './manual-clock.ts'
import { appFrame, type Device, makePair, memoryNet, NETS, type Net, Peer, textOf } from './world.ts'

type Options = ConstructorParameters<typeof Peer>[2]

/** Alice has the lower key. */
async function twoPeers(net: Net, options: { alice?: Options; bob?: Options } = {}) {
  const [lower, higher] = await makePair()
  const alice = new Peer(lower, net.transport('a'), options.alice)
  const bob = new Peer(higher, net.transport('b'), options.bob)
  await alice.listen(net.host('a'))
  await bob.listen(net.host('b'))
  const stop = async () => {
    await Promise.all([alice.sessions.stop(), bob.sessions.stop()])
  }
  return { alice, bob, net, [Symbol.asyncDispose]: stop }
}

/** For worlds that are stopped with a frozen link. */
const impatient: Options = { limits: { stopDrainMs: 20 } }

/** The same device, started again. */
async function restart(device: Device, net: Net, name: string): Promise<Peer> {
  const peer = new Peer(device, net.transport(name))
  await peer.listen(net.host(name))
  return peer
}

/** Resolves when a frame of `from` arrives at `to`, so that both hold the same current session. */
async function echo(from: Peer, to: Peer, text: string): Promise<Session> {
  from.sessions.current(to.key)?.send(appFrame(text))
  await to.until(() => to.frames.some(({ frame }) => textOf(frame) === text))
  const session = to.frames.find(({ frame }) => textOf(frame) === text)?.session
  if (session === undefined) throw new Error('no frame')
  return session
}

describe.each(NETS)('sessions over %s', (_name, makeNet) => {
  test('a dial brings up one session on both sides, and frames go both ways', async () => {
    await using world = await twoPeers(makeNet())
    const { alice, bob } = world
    const session = await alice.sessions.dial(bob.at, { expect: bob.key })
    await bob.until(() => bob.ups.length === 1)
    expect(alice.sessions.current(bob.key)).toBe(session)
    expect(session).toMatchObject({ device: bob.key, purpose: 'messages', direction: 'outbound', path: 'direct' })
    expect(session.hello.name).toBe(bob.device.greeting.name)
    expect(session.certificate.deviceKey).toBe(bob.key)
    expect(bob.sessions.isConnected(alice.key)).toBe(true)
    expect(bob.sessions.current(alice.key)?.direction).toBe('inbound')

    expect(session.send(appFrame('from alice'))).toBe(true)
    await bob.until(() => bob.frames.length === 1)
    expect(bob.frames.map(({ frame }) => textOf(frame))).toEqual(['from alice'])
    bob.sessions.current(alice.key)?.send(appFrame('from bob'))
    await alice.until(() => alice.frames.length === 1)
    expect(alice.frames.map(({ frame }) => textOf(frame))).toEqual(['from bob'])
  })

  test('frames of one tick arrive whole and in order, and are counted', async () => {
    await using world = await twoPeers(makeNet())
    const { alice, bob } = world
    const session = await alice.sessions.dial(bob.at)
    const texts = Array.from({ length: 2_000 }, (_, i) => `${i} ${'x'.repeat(i % 300)}`)
    for (const text of texts) expect(session.send(appFrame(text))).toBe(true)
    expect(session.bufferedBytes).toBeGreaterThan(0)
    await session.drained()
    await bob.until(() => bob.frames.length === texts.length)
    expect(bob.frames.map(({ frame }) => textOf(frame))).toEqual(texts)
    await session.close('disconnected')
    await bob.until(() => bob.downs.length === 1)
    expect(session.bufferedBytes).toBe(0)
    expect(session.sentBytes).toBe(bob.downs[0]?.session.receivedBytes)
  })

  test('a closed session ends on both sides, with its reason, after what was sent before', async () => {
    await using world = await twoPeers(makeNet())
    const { alice, bob } = world
    const session = await alice.sessions.dial(bob.at)
    session.send(appFrame('last words'))
    const closing = session.close('disconnected', { retryAfterMs: 9_000 })
    expect(alice.sessions.isConnected(bob.key)).toBe(false)
    expect(session.send(appFrame('too late'))).toBe(false)
    expect(await closing).toEqual({ by: 'us', reason: 'disconnected' })
    expect(await session.close('stopping')).toEqual({ by: 'us', reason: 'disconnected' })
    await bob.until(() => bob.downs.length === 1)
    expect(bob.downs[0]?.end).toEqual({ by: 'peer', reason: 'disconnected', retryAfterMs: 9_000 })
    expect(bob.frames.map(({ frame }) => textOf(frame))).toEqual(['last words'])
  })

  test('a side that closes still hears what the other had sent by then', async () => {
    await using world = await twoPeers(makeNet())
    const { alice, bob } = world
    const session = await alice.sessions.dial(bob.at)
    await bob.until(() => bob.ups.length === 1)
    const texts = Array.from({ length: 500 }, (_, i) => `answer ${i}`)
    for (const text of texts) bob.sessions.current(alice.key)?.send(appFrame(text))
    await session.close('replaced')
    expect(alice.frames.map(({ frame }) => textOf(frame))).toEqual(texts)
  })

  test('both sides can close at once', async () => {
    await using world = await twoPeers(makeNet())
    const { alice, bob } = world
    const session = await alice.sessions.dial(bob.at)
    await bob.until(() => bob.ups.length === 1)
    const other = bob.sessions.current(alice.key)
    const ends = await Promise.all([session.close('disconnected'), other?.close('stopping')])
    expect(ends).toEqual([
      { by: 'us', reason: 'disconnected' },
      { by: 'us', reason: 'stopping' },
    ])
  })

  test('an aborted session is gone at once, and the other side loses the link', async () => {
    await using world = await twoPeers(makeNet())
    const { alice, bob } = world
    const session = await alice.sessions.dial(bob.at)
    await bob.until(() => bob.ups.length === 1)
    const error = new Error('enough')
    session.abort(error)
    expect(session.isOpen).toBe(false)
    expect(await session.closed).toEqual({ by: 'us', reason: 'disconnected', error })
    await bob.until(() => bob.downs.length === 1)
    expect(bob.downs[0]?.end).toMatchObject({ by: 'link', reason: 'lost' })
    await expect(session.drained()).rejects.toMatchObject({ code: 'ended' })
  })

  test('a handler that throws or rejects ends its session, and no other', async () => {
    const onFrame = (_session: Session, frame: Parameters<NonNullable<NonNullable<Options>['onFrame']>>[1]) => {
      if (textOf(frame) === 'throw') throw new Error('thrown')
      if (textOf(frame) === 'reject') return Promise.reject(new Error('rejected'))
      return undefined
    }
    await using world = await twoPeers(makeNet(), { bob: { onFrame } })
    const { alice, bob } = world
    const files = await alice.sessions.dial(bob.at, { purpose: 'files' })
    for (const [i, what] of ['throw', 'reject'].entries()) {
      const session = await alice.sessions.dial(bob.at)
      session.send(appFrame(what))
      session.send(appFrame('never handled'))
      expect(await session.closed).toEqual({ by: 'peer', reason: 'protocol-violation' })
      await bob.until(() => bob.downs.length === i + 1)
      expect(bob.downs[i]?.end).toMatchObject({
        by: 'us',
        reason: 'protocol-violation',
        error: { cause: expect.anything() },
      })
    }
    expect(files.isOpen).toBe(true)
    expect(bob.frames.map(({ frame }) => textOf(frame))).toEqual(['throw', 'reject'])
  })

  test('frames are handled one at a time, and a reader that never finishes stops its sender', async () => {
    const first = Promise.withResolvers<void>()
    let handling = 0
    const onFrame = async () => {
      handling += 1
      expect(handling).toBe(1)
      await first.promise
      handling -= 1
    }
    await using world = await twoPeers(makeNet(), {
      bob: { onFrame },
      alice: { limits: { maxOutboundBytes: 64 * 1024 * 1024 } },
    })
    const { alice, bob } = world
    const session = await alice.sessions.dial(bob.at)
    const sent = 512
    for (let i = 0; i < sent; i += 1) session.send(appFrame('x'.repeat(64 * 1024)))
    await bob.until(() => bob.frames.length === 1)
    const held = bob.sessions.current(alice.key)
    while ((held?.receivedBytes ?? 0) < 1024 * 1024) await new Promise(setImmediate)
    expect(bob.frames).toHaveLength(1)
    first.resolve()
    await bob.until(() => bob.frames.length === sent)
  })

  test('a session whose other side does not read is cut when too much waits', async () => {
    await using world = await twoPeers(makeNet(), { bob: { onFrame: () => new Promise(() => {}) } })
    const { alice, bob } = world
    const session = await alice.sessions.dial(bob.at)
    const frame = appFrame('x'.repeat(128 * 1024))
    let taken = 0
    while (session.send(frame)) {
      taken += 128 * 1024
      await new Promise(setImmediate)
    }
    expect(taken).toBeGreaterThan(MAX_OUTBOUND_BYTES)
    expect(session.isOpen).toBe(false)
    expect(alice.sessions.isConnected(bob.key)).toBe(false)
    expect(await session.closed).toMatchObject({ by: 'us', reason: 'too-slow' })
    // What waits at the reader: its own limit, and what was on the way when it stopped reading.
    expect(bob.frames[0]?.session.receivedBytes).toBeLessThan(1.5 * 1024 * 1024)
  })

  test('waiting for a session to drain ends with its signal', async () => {
    await using world = await twoPeers(makeNet(), { bob: { onFrame: () => new Promise(() => {}) } })
    const { alice, bob } = world
    const session = await alice.sessions.dial(bob.at)
    for (let i = 0; i < 60; i += 1) session.send(appFrame('x'.repeat(128 * 1024)))
    const reason = new Error('changed my mind')
    await expect(session.drained({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    const controller = new AbortController()
    const draining = session.drained({ signal: controller.signal })
    controller.abort(reason)
    await expect(draining).rejects.toBe(reason)
    session.abort(reason)
  })

  test('a second dial replaces the session, and nothing sent on either is lost', async () => {
    await using world = await twoPeers(makeNet())
    const { alice, bob } = world
    const first = await alice.sessions.dial(bob.at)
    first.send(appFrame('on the first'))
    const second = await alice.sessions.dial(bob.at)
    expect(second).not.toBe(first)
    expect(alice.sessions.current(bob.key)).toBe(second)
    await echo(alice, bob, 'on the second')
    expect(await first.closed).toMatchObject({ reason: 'replaced' })
    await bob.until(() => bob.downs.length === 1)
    expect(bob.frames.map(({ frame }) => textOf(frame)).sort()).toEqual(['on the first', 'on the second'])
    expect(bob.sessions.list()).toHaveLength(1)
  })

  test('a second dial of the higher key is settled by the lower one', async () => {
    await using world = await twoPeers(makeNet())
    const { alice, bob } = world
    await bob.sessions.dial(alice.at)
    await bob.sessions.dial(alice.at)
    await bob.until(() => bob.downs.length === 1)
    const session = bob.sessions.current(alice.key)
    expect(await echo(alice, bob, 'which one')).toBe(session)
    expect(bob.sessions.list()).toHaveLength(1)
    expect(alice.sessions.list()).toHaveLength(1)
  })

  test('dials to the same device at the same time leave one session', async () => {
    for (const dialler of ['alice', 'bob'] as const) {
      await using world = await twoPeers(makeNet())
      const from = world[dialler]
      const to = dialler === 'alice' ? world.bob : world.alice
      await Promise.all(Array.from({ length: 5 }, () => from.sessions.dial(to.at)))
      await from.until(() => from.downs.length === from.ups.length - 1)
      await to.until(() => to.downs.length === to.ups.length - 1)
      expect(await echo(from, to, 'still there')).toBe(to.sessions.current(from.key))
      expect(await echo(to, from, 'here too')).toBe(from.sessions.current(to.key))
    }
  })

  test('twenty times, two that dial each other at once end with the same one session', async () => {
    await using world = await twoPeers(makeNet(), {
      alice: { inboundLimits: { newPerAddressPerSecond: 10_000 } },
      bob: { inboundLimits: { newPerAddressPerSecond: 10_000 } },
    })
    const { alice, bob } = world
    for (let round = 0; round < 20; round += 1) {
      const dials = [
        alice.sessions.dial(bob.at, { expect: bob.key }),
        bob.sessions.dial(alice.at, { expect: alice.key }),
      ]
      const sessions = await Promise.all(dials)
      for (const session of sessions) expect(session.purpose).toBe('messages')
      await alice.until(() => alice.downs.length === new Set(alice.ups).size - 1)
      await bob.until(() => bob.downs.length === new Set(bob.ups).size - 1)
      expect(await echo(alice, bob, `to bob ${round}`)).toBe(bob.sessions.current(alice.key))
      expect(await echo(bob, alice, `to alice ${round}`)).toBe(alice.sessions.current(bob.key))
      const closing = alice.sessions.current(bob.key)?.close('disconnected')
      await closing
      await alice.until(() => alice.downs.length === new Set(alice.ups).size)
      await bob.until(() => bob.downs.length === new Set(bob.ups).size)
    }
    expect(alice.failures).toEqual([])
    expect(bob.failures).toEqual([])
  })

  test('places for inbound links are given back when links end', async () => {
    await using world = await twoPeers(makeNet(), { bob: { inboundLimits: { links: 1 } } })
    const { alice, bob } = world
    const first = await alice.sessions.dial(bob.at)
    await expect(alice.sessions.dial(bob.at, { purpose: 'files' })).rejects.toMatchObject({ name: 'SessionError' })
    expect(bob.failures[0]?.code).toBe('declined')
    expect(first.isOpen).toBe(true)
    await first.close('disconnected')
    await bob.until(() => bob.downs.length === 1)
    await alice.sessions.dial(bob.at, { purpose: 'files' })
  })

  test('a lone redial right after the first session is let in at once', async () => {
    await using world = await twoPeers(makeNet())
    const { alice, bob } = world
    for (const [from, to] of [
      [alice, bob],
      [bob, alice],
    ] as const) {
      const first = await from.sessions.dial(to.at)
      first.abort(new Error('the line broke'))
      const second = await from.sessions.dial(to.at)
      expect(second).not.toBe(first)
      expect(await echo(from, to, `again from ${from.key}`)).toBe(to.sessions.current(from.key))
      await second.close('disconnected')
      await to.until(() => !to.sessions.isConnected(from.key))
    }
  })

  test('a peer that dials itself is told so', async () => {
    await using world = await twoPeers(makeNet())
    const { alice } = world
    await expect(alice.sessions.dial(alice.at)).rejects.toMatchObject({ code: 'self' })
    await alice.until(() => alice.failures.length === 1)
    expect(alice.failures[0]?.code).toBe('self')
    expect(alice.ups).toEqual([])
  })

  test('stopping says so to the others, leaves nothing open, and is final', async () => {
    const world = await twoPeers(makeNet())
    const { alice, bob } = world
    const session = await alice.sessions.dial(bob.at)
    session.send(appFrame('before the end'))
    await alice.sessions.stop()
    await alice.sessions.stop()
    expect(alice.sessions.list()).toEqual([])
    expect(alice.downs.map(({ end }) => end)).toEqual([{ by: 'us', reason: 'stopping' }])
    await bob.until(() => bob.downs.length === 1)
    expect(bob.downs[0]?.end).toEqual({ by: 'peer', reason: 'stopping' })
    expect(bob.frames).toHaveLength(1)
    await expect(alice.sessions.dial(bob.at)).rejects.toMatchObject({ code: 'stopped' })
    await expect(alice.sessions.listen({ host: '127.0.0.1', port: 0 })).rejects.toMatchObject({ code: 'stopped' })
    await expect(bob.sessions.dial(alice.at)).rejects.toMatchObject({ code: 'link-failed' })
    await bob.sessions.stop()
  })

  test('stopping ends dials under way', async () => {
    const world = await twoPeers(makeNet(), { bob: { judge: () => new Promise(() => {}) } })
    const { alice, bob } = world
    const dial = alice.sessions.dial(bob.at)
    const failed = expect(dial).rejects.toMatchObject({ code: 'stopped' })
    await alice.sessions.stop()
    await failed
    await bob.sessions.stop()
    expect(bob.ups).toEqual([])
  })
})

describe('sessions over a network that misbehaves', () => {
  test('a link that is cut ends the session on both sides', async () => {
    const network = new MemoryNetwork()
    await using world = await twoPeers(memoryNet(network))
    const { alice, bob } = world
    const session = await alice.sessions.dial(bob.at)
    await bob.until(() => bob.ups.length === 1)
    network.cut('a', 'b')
    expect(await session.closed).toMatchObject({ by: 'link', reason: 'lost' })
    await bob.until(() => bob.downs.length === 1)
    expect(bob.downs[0]?.end).toMatchObject({ by: 'link', reason: 'lost' })
  })

  test('a silent side is given up after the time for that, and not before', async () => {
    const network = new MemoryNetwork()
    const clock = new ManualClock()
    await using world = await twoPeers(memoryNet(network), { alice: { clock }, bob: impatient })
    const { alice, bob } = world
    const session = await alice.sessions.dial(bob.at)
    network.freeze('a', 'b')
    clock.advance(89_999)
    expect(session.isOpen).toBe(true)
    clock.advance(1)
    expect(session.isOpen).toBe(false)
    expect(alice.sessions.isConnected(bob.key)).toBe(false)
    expect(await session.closed).toMatchObject({ by: 'us', reason: 'timed-out' })
    expect(clock.timers).toBe(0)
  })

  test('a side that answers pings stays, and the round trip is known', async () => {
    const network = new MemoryNetwork()
    const clock = new ManualClock()
    await using world = await twoPeers(memoryNet(network), { alice: { clock } })
    const { alice, bob } = world
    const session = await alice.sessions.dial(bob.at)
    expect(session.roundTripMs).toBeUndefined()
    for (let round = 0; round < 10; round += 1) {
      const before = session.receivedBytes
      clock.advance(30_000)
      await echo(alice, bob, `round ${round}`)
      bob.sessions.current(alice.key)?.send(appFrame(`answer ${round}`))
      await alice.until(() => alice.frames.length === round + 1)
      expect(session.receivedBytes).toBeGreaterThan(before)
    }
    expect(session.isOpen).toBe(true)
    expect(session.roundTripMs).toBe(0)
  })

  test('a peer that started again replaces its old session at once, though that looks alive', async () => {
    for (const who of ['alice', 'bob'] as const) {
      const network = new MemoryNetwork()
      const net = memoryNet(network)
      await using world = await twoPeers(net, { alice: impatient, bob: impatient })
      const stays = world[who]
      const dies = who === 'alice' ? world.bob : world.alice
      const name = who === 'alice' ? 'b' : 'a'
      const old = await dies.sessions.dial(stays.at)
      await stays.until(() => stays.ups.length === 1)
      // The machine lost its power: nobody says anything on the old link.
      network.freeze('a', 'b')
      network.thaw('a', 'b', { old: false })
      await using again = await restart(dies.device, net, name)
      const session = await again.sessions.dial(stays.at)
      expect(await echo(stays, again, 'welcome back')).toBe(session)
      expect(stays.sessions.list()).toHaveLength(1)
      expect(stays.ups).toHaveLength(2)
      old.abort(new Error('the machine has no power'))
    }
  })

  test('a peer that is found to have started again has its old session replaced at once', async () => {
    for (const who of ['alice', 'bob'] as const) {
      const network = new MemoryNetwork()
      const net = memoryNet(network)
      await using world = await twoPeers(net, { alice: impatient, bob: impatient })
      const stays = world[who]
      const dies = who === 'alice' ? world.bob : world.alice
      const old = await stays.sessions.dial(dies.at)
      await dies.until(() => dies.ups.length === 1)
      network.freeze('a', 'b')
      network.thaw('a', 'b', { old: false })
      await using again = await restart(dies.device, net, who === 'alice' ? 'b' : 'a')
      const session = await stays.sessions.dial(again.at)
      expect(stays.sessions.current(dies.key)).toBe(session)
      expect(old.isOpen).toBe(false)
      dies.sessions.current(stays.key)?.abort(new Error('the machine has no power'))
    }
  })

  test('a side whose link died alone redials and is let in at once, though the old link looks alive', async () => {
    for (const who of ['alice', 'bob'] as const) {
      const network = new MemoryNetwork()
      await using world = await twoPeers(memoryNet(network), { alice: impatient, bob: impatient })
      const stays = world[who]
      const redials = who === 'alice' ? world.bob : world.alice
      const old = await stays.sessions.dial(redials.at)
      await redials.until(() => redials.ups.length === 1)
      network.freeze('a', 'b')
      network.thaw('a', 'b', { old: false })
      redials.sessions.current(stays.key)?.abort(new Error('the address changed'))
      const session = await redials.sessions.dial(stays.at)
      expect(await echo(stays, redials, 'there you are')).toBe(session)
      expect(old.isOpen).toBe(false)
    }
  })

  test('a second session is closed in the end when the lower key never says which one it keeps', async () => {
    const network = new MemoryNetwork()
    const clock = new ManualClock()
    await using world = await twoPeers(memoryNet(network), { bob: { clock } })
    const { alice, bob } = world
    await bob.sessions.dial(alice.at)
    const [first] = bob.ups
    await alice.until(() => alice.ups.length === 1)
    // Alice loses her side without a word; Bob dials again although he still holds his.
    network.freeze('a', 'b')
    alice.sessions.current(bob.key)?.abort(new Error('lost'))
    network.thaw('a', 'b', { old: false })
    const second = await bob.sessions.dial(alice.at)
    expect(bob.sessions.current(alice.key)).toBe(second)
    expect(first?.isOpen).toBe(true)
    clock.advance(10_000)
    expect(first?.isOpen).toBe(false)
    clock.advance(10_000)
    expect(await first?.closed).toMatchObject({ by: 'us', reason: 'replaced' })
    expect(second.isOpen).toBe(true)
  })

  test('whatever the network delays, two that dial each other end with the same one session', async () => {
    let seed = 0
    const random = () => {
      // xorshift32: the same delays at every run.
      seed ^= seed << 13
      seed ^= seed >>> 17
      seed ^= seed << 5
      return (seed >>> 0) / 2 ** 32
    }
    const defer = (deliver: () => void) => {
      let turns = Math.floor(random() * 12)
      const step = () => {
        if (turns === 0) deliver()
        else setImmediate(step)
        turns -= 1
      }
      setImmediate(step)
    }
    for (let round = 1; round <= 40; round += 1) {
      seed = round * 2_654_435_761
      await using world = await twoPeers(memoryNet(new MemoryNetwork({ defer })))
      const { alice, bob } = world
      const dials = Array.from({ length: 1 + (round % 4) }, () => [
        alice.sessions.dial(bob.at, { expect: bob.key }),
        bob.sessions.dial(alice.at, { expect: alice.key }),
      ])
      await Promise.all(dials.flat())
      await alice.until(() => alice.downs.length === new Set(alice.ups).size - 1)
      await bob.until(() => bob.downs.length === new Set(bob.ups).size - 1)
      expect(await echo(alice, bob, 'to bob')).toBe(bob.sessions.current(alice.key))
      expect(await echo(bob, alice, 'to alice')).toBe(alice.sessions.current(bob.key))
      expect([...alice.failures, ...bob.failures]).toEqual([])
    }
  })

  test('every byte of a session may arrive alone', async () => {
    await using world = await twoPeers(memoryNet(new MemoryNetwork({ maxChunkBytes: 1 })))
    const { alice, bob } = world
    await alice.sessions.dial(bob.at)
    for (const text of ['one', 'two', 'three']) await echo(alice, bob, text)
    expect(bob.frames.map(({ frame }) => textOf(frame))).toEqual(['one', 'two', 'three'])
  })

  test('stopping does not wait for a side that is silent', async () => {
    const network = new MemoryNetwork()
    const clock = new ManualClock()
    const world = await twoPeers(memoryNet(network), { alice: { clock } })
    const { alice, bob } = world
    await alice.sessions.dial(bob.at)
    await bob.until(() => bob.ups.length === 1)
    network.freeze('a', 'b')
    const stopping = alice.sessions.stop()
    // The last timer of the stop is set some turns after the call.
    for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate)
    clock.advance(2_000)
    await stopping
    bob.sessions.current(alice.key)?.abort(new Error('gone'))
    await bob.sessions.stop()
  })
})
