import 'reflect-metadata'
import { KeyObject, webcrypto } from 'node:crypto'
import { once } from 'node:events'
import { connect as connectTcp, createServer as createTcpServer } from 'node:net'
import { type ConnectionOptions, connect } from 'node:tls'
import { MAX_HELLO_BYTES } from '@parley/shared/limits.ts'
import { encodeCbor } from '@parley/shared/wire/cbor.ts'
import { encodeFrame } from '@parley/shared/wire/frames.ts'
import { X509CertificateGenerator } from '@peculiar/x509'
import { describe, expect, test } from 'vitest'
import { tcp } from '#transport/tcp.ts'
import { dialAsStranger, listenAsStranger, type Stranger, tlsOptions } from './stranger.ts'
import { appFrame, certify, makeDevice, Peer, textOf } from './world.ts'

async function startBob(options: ConstructorParameters<typeof Peer>[2] = {}): Promise<Peer> {
  const bob = new Peer(await makeDevice('bob'), tcp, options)
  await bob.listen('127.0.0.1')
  return bob
}

function framed(body: Uint8Array): Buffer {
  const head = Buffer.alloc(4)
  head.writeUInt32BE(body.length)
  return Buffer.concat([head, body])
}

describe('a stranger that dials', () => {
  test('is let in with a proper hello, and is answered with one', async () => {
    await using bob = await startBob()
    const eve = await makeDevice('eve')
    using stranger = await dialAsStranger(bob.at, eve)
    stranger.sayHello()
    const hello = await stranger.frame(1)
    expect(hello).toMatchObject({ name: 'bob', purpose: 'messages', path: 'direct', alone: false })
    expect(hello.boot).toHaveLength(16)
    expect(bob.ups.map(({ device }) => device)).toEqual([eve.key])
  })

  test('learns nothing about the other side before its own hello was accepted', async () => {
    await using bob = await startBob({ judge: () => ({ bye: 'busy', retryAfterMs: 5_000 }) })
    using stranger = await dialAsStranger(bob.at, await makeDevice('eve'))
    stranger.sayHello()
    await stranger.closed
    expect(stranger.frames).toEqual([{ type: 8, reason: 'busy', retryAfterMs: 5_000 }])
    expect(bob.ups).toEqual([])
    expect(bob.failures[0]).toMatchObject({ code: 'declined' })
  })

  test('gets its purpose echoed, and each purpose is a session of its own', async () => {
    await using bob = await startBob()
    const eve = await makeDevice('eve')
    using messages = await dialAsStranger(bob.at, eve)
    messages.sayHello()
    await messages.frame(1)
    using files = await dialAsStranger(bob.at, eve)
    files.sayHello({ purpose: 'files', alone: true })
    expect(await files.frame(1)).toMatchObject({ purpose: 'files' })
    expect(bob.sessions.current(eve.key, 'messages')?.purpose).toBe('messages')
    expect(bob.sessions.current(eve.key, 'files')?.purpose).toBe('files')
    expect(bob.sessions.list()).toHaveLength(2)
  })

  test('is handed to the judge with its certificate, its hello and where it comes from', async () => {
    const candidates: unknown[] = []
    await using bob = await startBob({
      judge: (candidate) => {
        candidates.push(candidate)
        return 'accept'
      },
    })
    const eve = await makeDevice('eve')
    using stranger = await dialAsStranger(bob.at, eve)
    stranger.sayHello()
    await stranger.frame(1)
    expect(candidates).toEqual([
      expect.objectContaining({
        device: eve.key,
        purpose: 'messages',
        direction: 'inbound',
        path: 'direct',
        remoteAddress: '127.0.0.1',
        certificate: expect.objectContaining({ deviceKey: eve.key }),
        hello: expect.objectContaining({ name: 'eve' }),
      }),
    ])
  })

  test('whose judge fails ends its own link and nothing else', async () => {
    await using bob = await startBob({ judge: () => Promise.reject(new Error('the database is gone')) })
    using stranger = await dialAsStranger(bob.at, await makeDevice('eve'))
    stranger.sayHello()
    await stranger.closed
    expect(bob.failures[0]).toMatchObject({ name: 'SessionError', message: 'the database is gone' })
  })

  test('whose judge does not decide is sent away when the time for the hello is over', async () => {
    await using bob = await startBob({ judge: () => new Promise(() => {}), limits: { helloMs: 50 } })
    using stranger = await dialAsStranger(bob.at, await makeDevice('eve'))
    stranger.sayHello()
    await stranger.closed
    expect(stranger.frames).toEqual([{ type: 8, reason: 'timed-out' }])
  })

  test('frames that come right behind the hello are handled once the session is up', async () => {
    const judged = Promise.withResolvers<'accept'>()
    await using bob = await startBob({ judge: () => judged.promise })
    using stranger = await dialAsStranger(bob.at, await makeDevice('eve'))
    const frames = ['one', 'two', 'three'].map((text) => encodeFrame(appFrame(text)))
    stranger.write(Buffer.concat([encodeFrame(stranger.hello()), ...frames]))
    expect(bob.frames).toEqual([])
    judged.resolve('accept')
    await bob.until(() => bob.frames.length === 3)
    expect(bob.frames.map(({ frame }) => textOf(frame))).toEqual(['one', 'two', 'three'])
  })

  test('a frame larger than a hello may follow the hello in the same read', async () => {
    await using bob = await startBob()
    using stranger = await dialAsStranger(bob.at, await makeDevice('eve'))
    const large = appFrame('x'.repeat(5 * MAX_HELLO_BYTES))
    stranger.write(Buffer.concat([encodeFrame(stranger.hello()), encodeFrame(large)]))
    await bob.until(() => bob.frames.length === 1)
    expect(bob.frames[0]?.frame).toEqual(large)
  })

  test('a hello that arrives byte by byte is a hello', async () => {
    await using bob = await startBob()
    using stranger = await dialAsStranger(bob.at, await makeDevice('eve'))
    for (const byte of encodeFrame(stranger.hello())) stranger.write(Buffer.of(byte))
    expect(await stranger.frame(1)).toMatchObject({ name: 'bob' })
  })

  const refused: readonly (readonly [
    what: string,
    say: (stranger: Stranger) => void | Promise<void>,
    bye: string,
    code: string,
  ])[] = [
    ['no hello but another frame', (stranger) => stranger.send({ type: 6 }), 'bad-hello', 'bad-hello'],
    ['an unknown frame', (stranger) => stranger.write(framed(encodeCbor({ type: 99 }))), 'bad-hello', 'bad-hello'],
    ['a frame to ignore', (stranger) => stranger.write(framed(encodeCbor({ type: 200 }))), 'bad-hello', 'bad-hello'],
    ['bytes that are no CBOR', (stranger) => stranger.write(framed(Buffer.from('hello'))), 'bad-hello', 'bad-hello'],
    ['a frame of no bytes', (stranger) => stranger.write(Buffer.alloc(4)), 'bad-hello', 'bad-hello'],
    ['four GiB', (stranger) => stranger.write(Buffer.alloc(4, 0xff)), 'bad-hello', 'bad-hello'],
    [
      'a hello that is too long',
      (stranger) => stranger.sayHello({ treeHead: 'x'.repeat(MAX_HELLO_BYTES) }),
      'bad-hello',
      'bad-hello',
    ],
    [
      'a hello of a protocol to come',
      (stranger) => stranger.sayHello({ protocol: { min: 2, max: 3 } }),
      'unsupported',
      'unsupported',
    ],
    [
      'the certificate of another device',
      async (stranger) => stranger.sayHello({ deviceCertificate: await certify((await makeDevice('bob')).key) }),
      'bad-hello',
      'bad-hello',
    ],
    [
      'a certificate that nobody signed',
      (stranger) => {
        const { deviceCertificate } = stranger.hello()
        const forged = `${deviceCertificate.slice(0, -8)}AAAAAAAA`
        stranger.write(framed(encodeCbor({ ...stranger.hello(), deviceCertificate: forged })))
      },
      'bad-hello',
      'bad-hello',
    ],
    [
      'half a hello, and then nothing',
      (stranger) => stranger.write(encodeFrame(stranger.hello()).subarray(0, 100)),
      'timed-out',
      'timed-out',
    ],
    ['nothing at all', () => {}, 'timed-out', 'timed-out'],
  ]

  test.each(refused)('that says %s is told so and sent away', async (_what, say, bye, code) => {
    await using bob = await startBob({ limits: { helloMs: bye === 'timed-out' ? 50 : 10_000 } })
    using stranger = await dialAsStranger(bob.at, await makeDevice('eve'))
    await say(stranger)
    await stranger.closed
    expect(stranger.frames).toEqual([{ type: 8, reason: bye }])
    expect(bob.failures).toEqual([expect.objectContaining({ name: 'SessionError', code })])
    expect(bob.ups).toEqual([])
  })

  test('that ends the link in the middle of its hello is forgotten', async () => {
    await using bob = await startBob()
    using stranger = await dialAsStranger(bob.at, await makeDevice('eve'))
    stranger.write(encodeFrame(stranger.hello()).subarray(0, 100))
    stranger.socket.end()
    await stranger.closed
    await bob.until(() => bob.failures.length === 1)
    expect(bob.failures[0]?.code).toBe('link-failed')
  })

  test('that says bye instead of hello is taken at its word', async () => {
    await using bob = await startBob()
    using stranger = await dialAsStranger(bob.at, await makeDevice('eve'))
    stranger.send({ type: 8, reason: 'stopping' })
    await stranger.closed
    expect(bob.failures[0]).toMatchObject({ code: 'refused', bye: { reason: 'stopping' } })
  })

  test('that has my own key is told that it is me', async () => {
    await using bob = await startBob()
    using stranger = await dialAsStranger(bob.at, bob.device)
    stranger.sayHello()
    await stranger.closed
    expect(stranger.frames).toEqual([{ type: 8, reason: 'self' }])
    expect(bob.failures[0]?.code).toBe('self')
  })
})

describe('TLS', () => {
  async function failsAtTls(bob: Peer, changes: ConnectionOptions): Promise<void> {
    const eve = await makeDevice('eve')
    const socket = connect({ host: bob.at.host, port: bob.at.port, ...tlsOptions(eve, changes) })
    socket.on('error', () => {})
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.resume()
    await closed
    await bob.until(() => bob.failures.length === 1)
    expect(bob.failures[0]?.code).toBe('bad-tls')
    expect(bob.ups).toEqual([])
  }

  test('1.2 is refused', async () => {
    await using bob = await startBob()
    await failsAtTls(bob, { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' })
  })

  test('without a client certificate is refused', async () => {
    await using bob = await startBob()
    const eve = await makeDevice('eve')
    const { key: _key, cert: _cert, ...options } = tlsOptions(eve)
    const socket = connect({ host: bob.at.host, port: bob.at.port, ...options })
    socket.on('error', () => {})
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.resume()
    await closed
    await bob.until(() => bob.failures.length === 1)
    expect(bob.failures[0]).toMatchObject({ code: 'bad-tls', message: expect.stringContaining('no certificate') })
  })

  test('without our protocol name is refused', async () => {
    await using bob = await startBob()
    const eve = await makeDevice('eve')
    const { ALPNProtocols: _alpn, ...options } = tlsOptions(eve)
    const socket = connect({ host: bob.at.host, port: bob.at.port, ...options })
    socket.on('error', () => {})
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.resume()
    await closed
    await bob.until(() => bob.failures.length === 1)
    expect(bob.failures[0]?.code).toBe('bad-tls')
  })

  test('for another protocol is refused', async () => {
    await using bob = await startBob()
    await failsAtTls(bob, { ALPNProtocols: ['h2'] })
  })

  test('with a certificate over another kind of key is refused', async () => {
    await using bob = await startBob()
    const { cert, key } = await ecCertificate()
    await failsAtTls(bob, { cert, key, sigalgs: 'ecdsa_secp256r1_sha256:ed25519' })
  })

  test('bytes that are no TLS end the link and nothing else', async () => {
    await using bob = await startBob()
    const socket = connectTcp(bob.at.port, bob.at.host)
    socket.on('error', () => {})
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.resume()
    socket.write('GET / HTTP/1.1\r\nHost: bob\r\n\r\n'.repeat(100))
    await closed
    await bob.until(() => bob.failures.length === 1)
    expect(bob.failures[0]?.code).toBe('bad-tls')
  })

  test('that does not begin is given up', async () => {
    await using bob = await startBob({ limits: { tlsMs: 50 } })
    const socket = connectTcp(bob.at.port, bob.at.host)
    socket.on('error', () => {})
    socket.resume()
    await new Promise((resolve) => socket.once('close', resolve))
    await bob.until(() => bob.failures.length === 1)
    expect(bob.failures[0]?.code).toBe('timed-out')
  })

  test('that ends before it is done is forgotten at once', async () => {
    await using bob = await startBob()
    const socket = connectTcp(bob.at.port, bob.at.host)
    socket.on('error', () => {})
    await once(socket, 'connect')
    socket.end(Buffer.from('160301', 'hex'))
    await bob.until(() => bob.failures.length === 1)
    expect(['link-failed', 'bad-tls']).toContain(bob.failures[0]?.code)
    socket.destroy()
  })

  test('that never goes on crowds out itself, not the peer that dials in between', async () => {
    await using bob = await startBob({ inboundLimits: { pending: 4 } })
    const silent = Array.from({ length: 12 }, () => connectTcp(bob.at.port, bob.at.host).on('error', () => {}))
    await bob.until(() => bob.failures.length === 8)
    using friend = await dialAsStranger(bob.at, await makeDevice('alice'))
    friend.sayHello()
    expect(await friend.frame(1)).toMatchObject({ name: 'bob' })
    expect(bob.failures.every(({ code }) => code === 'declined')).toBe(true)
    for (const socket of silent) socket.destroy()
  })

  test('is never resumed, whatever ticket the client shows', async () => {
    await using bob = await startBob()
    const eve = await makeDevice('eve')
    const first = await dialAsStranger(bob.at, eve)
    const tickets: Buffer[] = []
    first.socket.on('session', (ticket) => tickets.push(ticket))
    first.sayHello()
    await first.frame(1)
    first.socket.destroy()
    const ticket = tickets.at(-1) ?? first.socket.getSession()
    using again = await dialAsStranger(bob.at, eve, ticket === undefined ? {} : { session: ticket })
    expect(again.socket.isSessionReused()).toBe(false)
    again.sayHello()
    expect(await again.frame(1)).toMatchObject({ name: 'bob' })
  })
})

describe('a peer that dials', () => {
  async function dialler(options: ConstructorParameters<typeof Peer>[2] = {}): Promise<Peer> {
    return new Peer(await makeDevice('alice'), tcp, options)
  }

  test('takes nobody but the device it expects, and tells an impostor nothing', async () => {
    await using alice = await dialler()
    const mallory = await makeDevice('bob')
    const expected = await makeDevice('bob')
    const met: Stranger[] = []
    await using impostor = await listenAsStranger(mallory, (stranger) => met.push(stranger))
    await expect(alice.sessions.dial(impostor.at, { expect: expected.key })).rejects.toMatchObject({
      name: 'SessionError',
      code: 'wrong-peer',
    })
    await Promise.all(met.map(({ closed }) => closed))
    expect(met.flatMap(({ frames }) => frames)).toEqual([])
  })

  test('takes whoever answers when it expects nobody, and says who that is', async () => {
    await using alice = await dialler()
    const carol = await makeDevice('carol')
    await using listener = await listenAsStranger(carol, (stranger) => stranger.sayHello({ alone: false }))
    const session = await alice.sessions.dial(listener.at)
    expect(session).toMatchObject({ device: carol.key, direction: 'outbound' })
  })

  test('is not up before the other side said hello', async () => {
    await using alice = await dialler()
    const carol = await makeDevice('carol')
    const met = Promise.withResolvers<Stranger>()
    await using listener = await listenAsStranger(carol, met.resolve)
    const dial = alice.sessions.dial(listener.at)
    const stranger = await met.promise
    expect(await stranger.frame(1)).toMatchObject({ name: 'alice', alone: true })
    expect(alice.sessions.isConnected(carol.key)).toBe(false)
    stranger.sayHello({ alone: false })
    await dial
    expect(alice.sessions.isConnected(carol.key)).toBe(true)
  })

  test('hears why it was refused, and for how long', async () => {
    await using alice = await dialler()
    await using listener = await listenAsStranger(await makeDevice('carol'), (stranger) =>
      stranger.send({ type: 8, reason: 'busy', retryAfterMs: 7_000 }),
    )
    await expect(alice.sessions.dial(listener.at)).rejects.toMatchObject({
      code: 'refused',
      bye: { reason: 'busy', retryAfterMs: 7_000 },
    })
  })

  test('gives up a side that never says hello', async () => {
    await using alice = await dialler({ limits: { helloMs: 50 } })
    await using listener = await listenAsStranger(await makeDevice('carol'), () => {})
    await expect(alice.sessions.dial(listener.at)).rejects.toMatchObject({ code: 'timed-out' })
  })

  test('refuses an answer for another purpose', async () => {
    await using alice = await dialler()
    await using listener = await listenAsStranger(await makeDevice('carol'), (stranger) =>
      stranger.sayHello({ purpose: 'files' }),
    )
    await expect(alice.sessions.dial(listener.at)).rejects.toMatchObject({ code: 'bad-hello' })
  })

  test('refuses a listener without our protocol name', async () => {
    await using alice = await dialler()
    await using listener = await listenAsStranger(await makeDevice('carol'), () => {}, { ALPNProtocols: ['h2'] })
    await expect(alice.sessions.dial(listener.at)).rejects.toMatchObject({ code: 'bad-tls' })
  })

  test('asks its judge about the one it reached', async () => {
    await using alice = await dialler({
      judge: ({ direction }) => (direction === 'outbound' ? { bye: 'busy' } : 'accept'),
    })
    const met = Promise.withResolvers<Stranger>()
    await using listener = await listenAsStranger(await makeDevice('carol'), (stranger) => {
      stranger.sayHello({ alone: false })
      met.resolve(stranger)
    })
    await expect(alice.sessions.dial(listener.at)).rejects.toMatchObject({ code: 'declined', bye: { reason: 'busy' } })
    expect(await (await met.promise).frame(8)).toEqual({ type: 8, reason: 'busy' })
  })

  test('can be stopped by its signal at every step', async () => {
    await using alice = await dialler()
    // Read from, or it never notices that the other side has gone.
    const silent = createTcpServer((socket) => socket.on('error', () => {}).resume())
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const address = silent.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    const reached = once(silent, 'connection')
    const duringTls = new AbortController()
    const at = { transport: 'tcp', host: '127.0.0.1', port: address.port } as const
    const dial = alice.sessions.dial(at, { signal: duringTls.signal })
    await reached
    duringTls.abort()
    await expect(dial).rejects.toMatchObject({ code: 'aborted' })
    silent.close()

    const met = Promise.withResolvers<Stranger>()
    await using listener = await listenAsStranger(await makeDevice('carol'), met.resolve)
    const duringHello = new AbortController()
    const second = alice.sessions.dial(listener.at, { signal: duringHello.signal })
    await (await met.promise).frame(1)
    duringHello.abort()
    await expect(second).rejects.toMatchObject({ code: 'aborted' })
    await expect(alice.sessions.dial(listener.at, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'aborted',
    })
  })

  test('says nothing and fails when its own hello would be too long', async () => {
    const device = await makeDevice('alice')
    const greeting = { ...device.greeting, treeHead: 'x'.repeat(MAX_HELLO_BYTES) }
    await using alice = new Peer(device, tcp, { greeting: () => greeting })
    await using bob = await startBob()
    await expect(alice.sessions.dial(bob.at)).rejects.toMatchObject({ code: 'bad-hello' })
  })

  test('hears at once that nobody listens', async () => {
    await using alice = await dialler()
    const bob = await startBob()
    await bob.sessions.stop()
    await expect(alice.sessions.dial(bob.at)).rejects.toMatchObject({ code: 'link-failed' })
  })
})

/** Self-signed over P-256, the kind that everybody else uses. */
async function ecCertificate(): Promise<{ cert: string; key: string }> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const certificate = await X509CertificateGenerator.createSelfSigned(
    { name: 'CN=mallory', signingAlgorithm: algorithm, keys },
    webcrypto,
  )
  const key = KeyObject.from(keys.privateKey).export({ format: 'pem', type: 'pkcs8' }).toString()
  return { cert: certificate.toString('pem'), key }
}
