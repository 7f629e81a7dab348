import { Duplex } from 'node:stream'
import { encodeCbor } from '@parley/shared/wire/cbor.ts'
import { encodeFrame, type Frame } from '@parley/shared/wire/frames.ts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { tcp } from '#transport/tcp.ts'
import type { Link, Transport } from '#transport/transport.ts'
import { ManualClock } from './manual-clock.ts'
import { dialAsStranger, type Stranger } from './stranger.ts'
import { appFrame, makeDevice, Peer, textOf } from './world.ts'

type Options = ConstructorParameters<typeof Peer>[2]

/** Bob, and a stranger that is up with him. */
async function upWithBob(options: Options = {}) {
  const bob = new Peer(await makeDevice('bob'), tcp, options)
  await bob.listen('127.0.0.1')
  const eve = await makeDevice('eve')
  const stranger = await dialAsStranger(bob.at, eve)
  stranger.sayHello()
  await stranger.frame(1)
  const session = bob.sessions.current(eve.key)
  if (session === undefined) throw new Error('not up')
  const stop = async () => {
    stranger.socket.destroy()
    await bob.sessions.stop()
  }
  return { bob, eve, stranger, session, [Symbol.asyncDispose]: stop }
}

function framed(map: object): Buffer {
  const body = encodeCbor(map)
  const head = Buffer.alloc(4)
  head.writeUInt32BE(body.length)
  return Buffer.concat([head, body])
}

function flushed(stranger: Stranger): Promise<void> {
  return new Promise((resolve) => stranger.socket.write(Buffer.alloc(0), () => resolve()))
}

describe('frames of a session that is up', () => {
  test('a ping is answered with a pong', async () => {
    await using world = await upWithBob()
    world.stranger.send({ type: 6 })
    expect(await world.stranger.frame(7)).toEqual({ type: 7 })
    expect(world.bob.frames).toEqual([])
  })

  test('an unknown type from 128 on is passed over', async () => {
    await using world = await upWithBob()
    const { bob, stranger } = world
    stranger.write(
      Buffer.concat([framed({ type: 128, x: 1 }), framed({ type: 4_000 }), encodeFrame(appFrame('after'))]),
    )
    await bob.until(() => bob.frames.length === 1)
    expect(bob.frames.map(({ frame }) => textOf(frame))).toEqual(['after'])
  })

  const ending: readonly (readonly [what: string, bytes: (stranger: Stranger) => Uint8Array, reason: string])[] = [
    ['an unknown type below 128', () => framed({ type: 99 }), 'unsupported'],
    ['a reserved type', () => framed({ type: 16 }), 'unsupported'],
    ['a second hello', (stranger) => encodeFrame(stranger.hello()), 'protocol-violation'],
    ['a malformed frame', () => framed({ type: 8, reason: 7 }), 'bad-frame'],
    ['bytes that are no CBOR', () => Buffer.from('00000003ffffff', 'hex'), 'bad-frame'],
    ['a tag', () => Buffer.from('00000002c100', 'hex'), 'bad-frame'],
    ['a frame of no bytes', () => Buffer.alloc(4), 'bad-frame'],
    ['a frame that is too long', () => Buffer.from('00040001', 'hex'), 'bad-frame'],
    ['four GiB', () => Buffer.alloc(4, 0xff), 'bad-frame'],
  ]

  test.each(ending)(
    '%s ends the session with its reason, and what came before it counts',
    async (_what, bytes, reason) => {
      await using world = await upWithBob()
      const { bob, stranger } = world
      stranger.write(Buffer.concat([encodeFrame(appFrame('before')), bytes(stranger), encodeFrame(appFrame('after'))]))
      expect(await stranger.frame(8)).toEqual({ type: 8, reason })
      await stranger.closed
      await bob.until(() => bob.downs.length === 1)
      expect(bob.downs[0]?.end).toMatchObject({ by: 'us', reason, error: expect.anything() })
      expect(bob.frames.map(({ frame }) => textOf(frame))).toEqual(['before'])
      expect(bob.sessions.list()).toEqual([])
    },
  )

  test('a bye ends the session with the reason of the other side, whatever that is', async () => {
    await using world = await upWithBob()
    const { bob, stranger } = world
    stranger.send({ type: 8, reason: 'something new', retryAfterMs: 5 })
    await bob.until(() => bob.downs.length === 1)
    expect(bob.downs[0]?.end).toEqual({ by: 'peer', reason: 'something new', retryAfterMs: 5 })
    await stranger.closed
  })

  test('a side that goes without a bye is lost, and what it sent before is handled', async () => {
    await using world = await upWithBob()
    const { bob, stranger } = world
    stranger.socket.end(Buffer.concat([encodeFrame(appFrame('one')), encodeFrame(appFrame('two'))]))
    await bob.until(() => bob.downs.length === 1)
    expect(bob.downs[0]?.end).toMatchObject({ by: 'link', reason: 'lost' })
    expect(bob.frames.map(({ frame }) => textOf(frame))).toEqual(['one', 'two'])
  })

  test('frames that wait for a slow handler are handled even when the other side has gone by then', async () => {
    const first = Promise.withResolvers<void>()
    let handled = 0
    const onFrame = async () => {
      await first.promise
      handled += 1
    }
    await using world = await upWithBob({ onFrame })
    const { bob, stranger } = world
    for (const text of ['one', 'two', 'three']) stranger.send(appFrame(text))
    stranger.send({ type: 8, reason: 'stopping' })
    await flushed(stranger)
    await bob.until(() => bob.frames.length === 1)
    first.resolve()
    await bob.until(() => bob.downs.length === 1)
    expect(handled).toBe(3)
    expect(bob.downs[0]?.end).toEqual({ by: 'peer', reason: 'stopping' })
  })

  test('frames may be cut into reads anywhere', async () => {
    await using world = await upWithBob()
    const { bob, stranger } = world
    const bytes = Buffer.concat(['one', 'two', 'three'].map((text) => encodeFrame(appFrame(text))))
    for (let at = 1; at < bytes.length; at += 1) {
      const seen = bob.frames.length
      stranger.write(bytes.subarray(0, at))
      await flushed(stranger)
      stranger.write(bytes.subarray(at))
      await bob.until(() => bob.frames.length === seen + 3)
      expect(bob.frames.slice(seen).map(({ frame }) => textOf(frame))).toEqual(['one', 'two', 'three'])
    }
  })

  test('a side that never answers is given up, over a real network too', async () => {
    const clock = new ManualClock()
    await using world = await upWithBob({ clock })
    clock.advance(90_000)
    expect(world.session.isOpen).toBe(false)
    expect(await world.session.closed).toMatchObject({ by: 'us', reason: 'timed-out' })
  })

  test('a flood of pings is answered or cut, and never collects here', async () => {
    await using world = await upWithBob({ limits: { maxOutboundBytes: 64 * 1024 } })
    const { bob, stranger, session } = world
    stranger.socket.pause()
    const pings = Buffer.concat(Array.from({ length: 10_000 }, () => encodeFrame({ type: 6 })))
    while (bob.downs.length === 0) {
      expect(session.bufferedBytes).toBeLessThanOrEqual(64 * 1024)
      stranger.write(pings)
      await new Promise(setImmediate)
    }
    expect(bob.downs[0]?.end).toMatchObject({ by: 'us', reason: 'too-slow' })
  })

  test('a megabyte of the smallest frames does not become a hundred of memory', async () => {
    await using world = await upWithBob({ onFrame: () => new Promise(() => {}) })
    const { bob, stranger, session } = world
    stranger.send(appFrame('never finished'))
    await bob.until(() => bob.frames.length === 1)
    stranger.write(Buffer.alloc(2 * 1024 * 1024, encodeFrame({ type: 6 })))
    for (let turn = 0; turn < 500; turn += 1) {
      expect(session.receivedBytes).toBeLessThan(256 * 1024)
      await new Promise(setImmediate)
    }
    expect(session.receivedBytes).toBeGreaterThan(0)
  })

  test('no bytes of a stranger reach the process, whatever they are', async () => {
    const frames: Frame[] = [{ type: 6 }, { type: 7 }, { type: 5, streams: [], last: true }, { type: 10 }]
    const valid = fc.constantFrom(...frames).map((frame) => encodeFrame(frame))
    const junk = fc.uint8Array({ minLength: 1, maxLength: 200 })
    const framedJunk = junk.map((body) => {
      const head = Buffer.alloc(4)
      head.writeUInt32BE(body.length)
      return Buffer.concat([head, body])
    })
    const mutated = fc.tuple(valid, fc.nat(), fc.nat(255)).map(([bytes, at, byte]) => {
      const copy = Buffer.from(bytes)
      copy[at % copy.length] = byte
      return copy
    })
    const bob = new Peer(await makeDevice('bob'), tcp)
    await bob.listen('127.0.0.1')
    const eve = await makeDevice('eve')
    await fc.assert(
      fc.asyncProperty(
        fc.boolean(),
        fc.array(fc.oneof(valid, framedJunk, mutated, junk), { minLength: 1, maxLength: 8 }),
        async (isUp, pieces) => {
          using stranger = await dialAsStranger(bob.at, eve)
          if (isUp) stranger.sayHello()
          for (const piece of pieces) stranger.write(piece)
          stranger.socket.end()
          await stranger.closed
        },
      ),
      { numRuns: 150 },
    )
    const alice = await makeDevice('alice')
    using friend = await dialAsStranger(bob.at, alice)
    friend.sayHello()
    expect(await friend.frame(1)).toMatchObject({ name: 'bob' })
    await bob.sessions.stop()
  })
})

type Way = 'out' | 'in'

/** Changes one bit of what the dialler sends or gets, once told to. After that nothing else passes, no alert and no end. */
function flippingTransport() {
  const streams: Duplex[] = []
  let next: Way | undefined
  let isCut = false
  const pass = (way: Way, chunk: Buffer, go: (chunk: Buffer) => void) => {
    if (isCut) return
    if (next !== way) return go(chunk)
    isCut = true
    const changed = Buffer.from(chunk)
    const at = changed.length - 1
    changed[at] = (changed[at] ?? 0) ^ 1
    go(changed)
  }
  const wrap = ({ stream, ...link }: Link): Link => {
    const outer = new Duplex({
      read: () => {},
      write: (chunk: Buffer, _encoding, done) => {
        pass('out', chunk, (bytes) => stream.write(bytes))
        done()
      },
    })
    stream.on('data', (chunk: Buffer) => pass('in', chunk, (bytes) => outer.push(bytes)))
    stream.on('error', () => {})
    streams.push(stream)
    return { ...link, stream: outer }
  }
  return {
    transport: { ...tcp, dial: async (...args) => wrap(await tcp.dial(...args)) } satisfies Transport,
    flip: (way: Way) => {
      next = way
    },
    [Symbol.dispose]: () => {
      for (const stream of streams) stream.destroy()
    },
  }
}

describe('a bit that changes on the way', () => {
  test.each(['out', 'in'] as const)('%s ends the session where it arrives, and is not handled', async (way) => {
    using line = flippingTransport()
    const limits = { stopDrainMs: 20 }
    await using bob = new Peer(await makeDevice('bob'), tcp, { limits })
    await bob.listen('127.0.0.1')
    await using alice = new Peer(await makeDevice('alice'), line.transport, { limits })
    const atAlice = await alice.sessions.dial(bob.at)
    await bob.until(() => bob.ups.length === 1)
    const atBob = bob.sessions.current(alice.key)
    line.flip(way)
    const [sender, receiver] = way === 'out' ? [atAlice, atBob] : [atBob, atAlice]
    sender?.send(appFrame('pay 100'))
    expect(await receiver?.closed).toMatchObject({ by: 'link', reason: 'lost' })
    expect([...alice.frames, ...bob.frames]).toEqual([])
  })
})
