import { once } from 'node:events'
import { connect } from 'node:net'
import { CLOSE } from '@parley/shared/directory-api/presence.ts'
import { Name } from '@parley/shared/ids.ts'
import { MAX_PRESENCE_FRAME_BYTES, MAX_WAITING_PRESENCE_FRAMES } from '@parley/shared/limits.ts'
import { describe, expect, test } from 'vitest'
import WebSocket from 'ws'
import { Device, prekeyBatch } from '../support/people.ts'
import { PresenceClient } from '../support/presence-client.ts'
import { shareDirectory, TestDirectory } from '../support/test-directory.ts'

function names(...list: string[]): Name[] {
  return list.map((name) => Name.parse(name))
}

describe('being online', () => {
  test('an account is online while its device is connected, and afterwards the directory knows since when not', async () => {
    let now = Date.UTC(2030, 0, 1)
    await using directory = await TestDirectory.start({ now: () => now })
    const alice = await directory.register('alice')
    const bob = await directory.register('bob')
    await using watcher = await PresenceClient.enter(directory.url, bob)
    watcher.send({ type: 'watch', names: names('alice') })
    await watcher.next('presence')

    await using visit = await PresenceClient.enter(directory.url, alice)
    expect(await watcher.next('presence')).toEqual({ type: 'presence', changes: [{ name: 'alice', status: 'online' }] })
    const online = await directory.user('alice')
    expect(online).toMatchObject({ status: 'online', observedAddress: '127.0.0.1' })
    expect(online).not.toHaveProperty('lastSeen')

    now += 60_000
    await visit.close()
    expect(await watcher.next('presence')).toEqual({
      type: 'presence',
      changes: [{ name: 'alice', status: 'offline', lastSeen: now }],
    })
    expect(await directory.user('alice')).toMatchObject({ status: 'offline', lastSeen: now })
  })

  test('an account stays online until the last of its devices leaves', async () => {
    await using directory = await TestDirectory.start()
    const alice = directory.person('alice')
    alice.devices.push(new Device())
    await directory.publish(alice)
    const bob = await directory.register('bob')
    await using watcher = await PresenceClient.enter(directory.url, bob)
    watcher.send({ type: 'watch', names: names('alice') })
    const [first, second] = await Promise.all(
      alice.devices.map((device) => PresenceClient.enter(directory.url, alice, device)),
    )

    await first?.close()
    expect(await directory.user('alice')).toMatchObject({ status: 'online' })
    await second?.close()

    const heard = [await watcher.next('presence'), await watcher.next('presence'), await watcher.next('presence')]
    expect(heard.map((frame) => frame.changes.map((change) => change.status))).toEqual([
      ['offline'],
      ['online'],
      ['offline'],
    ])
  })

  test('a second connection of the same device replaces the first without an offline moment', async () => {
    await using directory = await TestDirectory.start()
    const alice = await directory.register('alice')
    const bob = await directory.register('bob')
    await using watcher = await PresenceClient.enter(directory.url, bob)
    await using first = await PresenceClient.enter(directory.url, alice)
    watcher.send({ type: 'watch', names: names('alice') })
    await watcher.next('presence')

    await using second = await PresenceClient.enter(directory.url, alice)
    expect(await first.closed).toBe(CLOSE.replaced)
    watcher.send({ type: 'watch', names: names('alice') })

    expect(await watcher.next('presence')).toMatchObject({ changes: [{ name: 'alice', status: 'online' }] })
    expect(await directory.user('alice')).toMatchObject({ status: 'online' })
    await second.close()
    expect(await watcher.next('presence')).toMatchObject({ changes: [{ name: 'alice', status: 'offline' }] })
  })

  test('all names of an account are online together, also one that it takes meanwhile', async () => {
    await using directory = await TestDirectory.start()
    const alice = await directory.register('alice')
    await directory.register('alicia', alice)
    const bob = await directory.register('bob')
    await using watcher = await PresenceClient.enter(directory.url, bob)
    watcher.send({ type: 'watch', names: names('alicia', 'allie') })
    expect(await watcher.next('presence')).toMatchObject({ changes: [{ status: 'offline' }, { status: 'offline' }] })

    await using visit = await PresenceClient.enter(directory.url, alice)
    expect(await watcher.next('presence')).toEqual({
      type: 'presence',
      changes: [{ name: 'alicia', status: 'online' }],
    })
    await directory.register('allie', alice)
    expect(await watcher.next('presence')).toEqual({ type: 'presence', changes: [{ name: 'allie', status: 'online' }] })

    const { body } = await directory.get('/v1/users?status=online')
    expect(body).toMatchObject({ users: [{ name: 'alice' }, { name: 'alicia' }, { name: 'allie' }, { name: 'bob' }] })
    expect(visit.socket.readyState).toBe(WebSocket.OPEN)
  })

  test('a device that a newer record no longer lists is sent away', async () => {
    await using directory = await TestDirectory.start()
    const alice = directory.person('alice')
    const lost = new Device()
    alice.devices.push(lost)
    await directory.publish(alice)
    await using kept = await PresenceClient.enter(directory.url, alice)
    await using revoked = await PresenceClient.enter(directory.url, alice, lost)

    await directory.publish(alice, { revoked: [lost.id] })

    expect(await revoked.closed).toBe(CLOSE.unauthenticated)
    expect(kept.socket.readyState).toBe(WebSocket.OPEN)
    expect(await directory.user('alice')).toMatchObject({ status: 'online' })
  })

  test('whoever gives the name up goes offline, and nothing of it is remembered', async () => {
    await using directory = await TestDirectory.start()
    const alice = await directory.register('alice')
    const bob = await directory.register('bob')
    await using watcher = await PresenceClient.enter(directory.url, bob)
    await using visit = await PresenceClient.enter(directory.url, alice)
    watcher.send({ type: 'watch', names: names('alice') })
    await watcher.next('presence')

    await directory.delete('/v1/users/alice', { retirement: await alice.retirement() })

    expect(await visit.closed).toBe(CLOSE.unauthenticated)
    expect(await watcher.next('presence')).toEqual({
      type: 'presence',
      changes: [{ name: 'alice', status: 'offline' }],
    })
    expect((await directory.get('/v1/users?ip=127.0.0.1')).body).toMatchObject({ users: [{ name: 'bob' }] })
    await directory.publish(alice, { seq: 3 })
    expect(await directory.user('alice')).not.toHaveProperty('lastSeen')
  })
})

describe('watching', () => {
  test('a watcher is told the state of each name at once, also of names that nobody holds', async () => {
    await using directory = await TestDirectory.start()
    const alice = await directory.register('alice')
    await using visit = await PresenceClient.enter(directory.url, alice)

    visit.send({ type: 'watch', names: names('alice', 'nobody') })

    expect(await visit.next('presence')).toEqual({
      type: 'presence',
      changes: [
        { name: 'alice', status: 'online' },
        { name: 'nobody', status: 'offline' },
      ],
    })
  })

  test('everybody who watches hears of every change', async () => {
    await using directory = await TestDirectory.start()
    const people = await Promise.all(Array.from({ length: 6 }, (_, index) => directory.register(`user${index}`)))
    const watchers = await Promise.all(
      ['bob', 'carol'].map(async (name) => {
        return PresenceClient.enter(directory.url, await directory.register(name))
      }),
    )
    for (const watcher of watchers) {
      watcher.send({ type: 'watch', names: people.map((person) => person.name) })
      await watcher.next('presence')
    }

    await Promise.all(people.map((person) => PresenceClient.enter(directory.url, person)))

    for (const watcher of watchers) {
      const heard = new Set<string>()
      while (heard.size < people.length) {
        const { changes } = await watcher.next('presence')
        for (const change of changes) heard.add(`${change.name} ${change.status}`)
      }
      expect([...heard].sort()).toEqual(people.map((person) => `${person.name} online`))
    }
  })

  test('a new record that changes nothing of the presence is not told', async () => {
    await using directory = await TestDirectory.start()
    const alice = await directory.register('alice')
    await using watcher = await PresenceClient.enter(directory.url, await directory.register('bob'))
    watcher.send({ type: 'watch', names: names('alice') })
    await watcher.next('presence')

    await directory.publish(alice)
    watcher.send({ type: 'watch', names: [] })

    expect(await watcher.next('presence')).toEqual({ type: 'presence', changes: [] })
  })

  test('a name that is no longer watched is no longer told', async () => {
    await using directory = await TestDirectory.start()
    const [alice, carol, bob] = await Promise.all(['alice', 'carol', 'bob'].map((name) => directory.register(name)))
    if (alice === undefined || carol === undefined || bob === undefined) throw new Error('three people expected')
    await using watcher = await PresenceClient.enter(directory.url, bob)
    watcher.send({ type: 'watch', names: names('alice', 'carol') })
    await watcher.next('presence')
    watcher.send({ type: 'unwatch', names: names('alice') })
    // Its answer shows that the frame before it was handled.
    watcher.send({ type: 'watch', names: [] })
    await watcher.next('presence')

    await using first = await PresenceClient.enter(directory.url, alice)
    await using second = await PresenceClient.enter(directory.url, carol)

    expect(await watcher.next('presence')).toMatchObject({ changes: [{ name: 'carol' }] })
    expect([first, second].map((visit) => visit.socket.readyState)).toEqual([WebSocket.OPEN, WebSocket.OPEN])
  })

  test('a device hears how many one-time prekeys are left, at first and after each claim', async () => {
    await using directory = await TestDirectory.start()
    const alice = await directory.register('alice')
    const bob = await directory.register('bob')
    const path = `/v1/users/alice/devices/${alice.device.id}/prekeys`
    const prekeys = JSON.stringify(prekeyBatch(2))
    await directory.put(path, { upload: await alice.upload(prekeys), prekeys })
    await using visit = await PresenceClient.enter(directory.url, alice)

    expect(await visit.next('prekeys')).toEqual({ type: 'prekeys', oneTime: 2 })
    await directory.post(`${path}/claim`, { claim: await bob.claim(alice.device.id) })
    expect(await visit.next('prekeys')).toEqual({ type: 'prekeys', oneTime: 1 })
  })
})

describe('a presence socket', () => {
  test('closes with 4401 when nobody authenticates in time', async () => {
    await using directory = await TestDirectory.start({ limit: { PRESENCE_AUTH_TIMEOUT_MS: 50 } })
    await using client = await PresenceClient.open(directory.url)

    expect(await client.next('problem')).toMatchObject({ code: 'not-a-user' })
    expect(await client.closed).toBe(CLOSE.unauthenticated)
  })

  test('closes with 4401 on a proof that is not over its own nonce, not for this directory, or not by a listed device', async () => {
    await using directory = await TestDirectory.start()
    await using other = await TestDirectory.start()
    const alice = await directory.register('alice')
    const stranger = directory.person('stranger')
    const aud = other.person('x').audience
    const cases = [
      ['bad-signature', () => alice.presenceProof('A'.repeat(22))],
      ['wrong-audience', (nonce: string) => alice.presenceProof(nonce, alice.device, { aud })],
      ['not-a-user', (nonce: string) => stranger.presenceProof(nonce)],
      ['not-a-user', (nonce: string) => alice.presenceProof(nonce, new Device())],
      ['not-a-user', (nonce: string) => alice.presenceProof(nonce, alice.device, { name: stranger.name })],
      ['wrong-kind', () => alice.claim(alice.device.id)],
    ] as const
    for (const [code, prove] of cases) {
      await using client = await PresenceClient.open(directory.url)
      const { nonce } = await client.next('challenge')
      client.send({ type: 'authenticate', proof: await prove(nonce) })

      expect(await client.next('problem')).toMatchObject({ code })
      expect(await client.closed).toBe(CLOSE.unauthenticated)
    }
    expect(await directory.user('alice')).toMatchObject({ status: 'offline' })
  })

  test('closes with 4401 on a watch before the proof', async () => {
    await using directory = await TestDirectory.start()
    await using client = await PresenceClient.open(directory.url)

    client.send({ type: 'watch', names: names('alice') })

    expect(await client.closed).toBe(CLOSE.unauthenticated)
  })

  test('handles frames in order, so a watch may follow the proof without waiting', async () => {
    await using directory = await TestDirectory.start()
    const alice = await directory.register('alice')
    await using client = await PresenceClient.open(directory.url)
    await client.authenticate(alice)
    client.send({ type: 'watch', names: names('alice') })

    expect(await client.next('presence')).toMatchObject({ changes: [{ name: 'alice', status: 'online' }] })
  })

  const shared = shareDirectory()
  let strangers = 0

  test.each([
    ['text that is not JSON', 'nonsense'],
    ['an unknown type', '{"type":"hello"}'],
    ['an unknown key', '{"type":"watch","names":[],"extra":1}'],
    ['a key twice', '{"type":"watch","names":[],"names":[]}'],
    ['a prototype key', '{"type":"watch","names":[],"__proto__":{}}'],
    ['nesting without end', `${'['.repeat(20_000)}${']'.repeat(20_000)}`],
    ['a name that is none', '{"type":"watch","names":["Alice!"]}'],
    ['more names than fit a frame', JSON.stringify({ type: 'watch', names: Array(201).fill('alice') })],
    ['a second proof', '{"type":"authenticate","proof":"a.b.c"}'],
    ['bytes', Buffer.from([1, 2, 3])],
  ])('closes with 4400 on %s', async (_, frame) => {
    const directory = shared()
    strangers += 1
    const stranger = await directory.register(`stranger-${strangers}`)
    await using client = await PresenceClient.enter(directory.url, stranger)

    client.socket.send(frame)

    expect(await client.next('problem')).toMatchObject({ code: 'bad-request' })
    expect(await client.closed).toBe(CLOSE.badRequest)
    expect(await directory.user(stranger.name)).toMatchObject({ status: 'offline' })
  })

  test('closes with 4400 when one connection watches more names than it may', async () => {
    await using directory = await TestDirectory.start()
    const alice = await directory.register('alice')
    await using client = await PresenceClient.enter(directory.url, alice)
    for (let from = 0; from < 1_200; from += 200) {
      client.send({ type: 'watch', names: names(...Array.from({ length: 200 }, (_, index) => `user${from + index}`)) })
    }

    expect(await client.next('problem')).toMatchObject({ detail: expect.stringContaining('1000') })
    expect(await client.closed).toBe(CLOSE.badRequest)
  })

  test('closes with 4400 when more frames wait than may', async () => {
    await using directory = await TestDirectory.start()
    const alice = await directory.register('alice')
    await using client = await PresenceClient.open(directory.url)
    const { nonce } = await client.next('challenge')
    const proof = JSON.stringify({ type: 'authenticate', proof: await alice.presenceProof(nonce) })
    // One packet, so that all frames arrive before the first is verified.
    client.together(() => {
      client.socket.send(proof)
      for (let frame = 0; frame <= MAX_WAITING_PRESENCE_FRAMES; frame++) client.send({ type: 'watch', names: [] })
    })

    expect(await client.closed).toBe(CLOSE.badRequest)
  })

  test('closes on a frame that is too large, and the directory lives on', async () => {
    await using directory = await TestDirectory.start()
    const alice = await directory.register('alice')
    await using client = await PresenceClient.enter(directory.url, alice)

    client.socket.send('x'.repeat(MAX_PRESENCE_FRAME_BYTES + 1))

    // RFC 6455 section 7.4.1: message too big.
    expect(await client.closed).toBe(1009)
    expect(await directory.user('alice')).toMatchObject({ status: 'offline' })
  })

  test('is pinged, and given up when nothing is heard', async () => {
    await using directory = await TestDirectory.start({ limit: { PRESENCE_PING_MS: 20, PRESENCE_DEAD_MS: 200 } })
    const alice = await directory.register('alice')
    const bob = await directory.register('bob')
    await using watcher = await PresenceClient.enter(directory.url, bob)
    watcher.send({ type: 'watch', names: names('alice') })
    await watcher.next('presence')
    await using silent = await PresenceClient.enter(directory.url, alice)
    expect(await watcher.next('presence')).toMatchObject({ changes: [{ status: 'online' }] })

    silent.socket.pause()

    expect(await watcher.next('presence')).toMatchObject({ changes: [{ status: 'offline' }] })
    silent.socket.resume()
    // RFC 6455 section 7.1.5: ended without a close frame.
    expect(await silent.closed).toBe(1006)
    expect(watcher.socket.readyState).toBe(WebSocket.OPEN)
  })

  test('is cut when its reader is too slow, and nobody else notices', async () => {
    await using directory = await TestDirectory.start({ limit: { PRESENCE_CLOSE_TIMEOUT_MS: 60_000 } })
    const alice = await directory.register('alice')
    const bob = await directory.register('bob')
    await using healthy = await PresenceClient.enter(directory.url, bob)
    healthy.send({ type: 'watch', names: names('alice') })
    await healthy.next('presence')
    await using slow = await PresenceClient.enter(directory.url, alice)
    await healthy.next('presence')
    const many = names(...Array.from({ length: 200 }, (_, index) => `${'n'.repeat(26)}${index}`))

    // The kernel buffers some megabytes before the directory does.
    slow.socket.pause()
    const ask = setInterval(() => {
      for (let times = 0; times < 20; times++) slow.send({ type: 'watch', names: many })
    }, 5)
    const change = await healthy.next('presence').finally(() => clearInterval(ask))

    expect(change).toMatchObject({ changes: [{ name: 'alice', status: 'offline' }] })
    slow.socket.resume()
    expect(await slow.closed).toBe(CLOSE.tooSlow)
    expect(healthy.socket.readyState).toBe(WebSocket.OPEN)
  })

  test('closes with 1011 when the directory itself fails, and tells nothing of why', async () => {
    let isBroken = false
    await using directory = await TestDirectory.start({
      now: () => {
        if (isBroken) throw new Error('the clock is broken')
        return Date.now()
      },
    })
    const alice = await directory.register('alice')
    await using client = await PresenceClient.open(directory.url)
    isBroken = true
    await client.authenticate(alice)

    const problem = await client.next('problem')
    expect(problem).toMatchObject({ code: 'internal' })
    expect(JSON.stringify(problem)).not.toContain('clock')
    expect(await client.closed).toBe(1011)
  })

  test('takes no query, and no other path is a WebSocket', async () => {
    await using directory = await TestDirectory.start()
    const ws = directory.url.replace('http', 'ws')
    for (const [path, expected] of [
      ['/v1/presence?token=1', 'bad-query'],
      ['/v1/users', undefined],
      ['/v1/nothing', 'not-found'],
    ] as const) {
      const socket = new WebSocket(`${ws}${path}`)
      // The client calls every answer but 101 an error.
      socket.on('error', () => {})
      const [, response] = await once(socket, 'unexpected-response')
      const body = JSON.parse(String(Buffer.concat(await response.toArray())))
      expect(body.code).toBe(expected)
      socket.terminate()
    }
    expect((await directory.get('/v1/presence')).body).toMatchObject({ code: 'bad-request' })
  })

  test('has a limit on how many may be open, and on how many may be unauthenticated', async () => {
    await using directory = await TestDirectory.start({
      limit: { MAX_PRESENCE_SOCKETS: 3, MAX_UNAUTHENTICATED_SOCKETS: 2 },
    })
    const alice = await directory.register('alice')
    const ws = `${directory.url.replace('http', 'ws')}/v1/presence`
    await using present = await PresenceClient.enter(directory.url, alice)
    const anonymous = [await PresenceClient.open(directory.url), await PresenceClient.open(directory.url)]
    const refused = new WebSocket(ws)
    refused.on('error', () => {})

    const [, response] = await once(refused, 'unexpected-response')
    expect(response.statusCode).toBe(503)
    refused.terminate()
    await Promise.all(anonymous.map((client) => client.close()))
    await using next = await PresenceClient.open(directory.url)
    expect(await next.next('challenge')).toBeDefined()
    expect(present.socket.readyState).toBe(WebSocket.OPEN)
  })

  test('may break off in the middle of the handshake without harm', async () => {
    await using directory = await TestDirectory.start()
    const { hostname, port } = new URL(directory.url)
    for (const bytes of [
      'GET /v1/presence HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
      '\x16\x03\x01',
    ]) {
      const socket = connect(Number(port), hostname)
      await once(socket, 'connect')
      socket.write(bytes)
      socket.resume()
      await once(socket, 'close')
    }
    expect((await directory.get('/healthz')).status).toBe(200)
  })
})
