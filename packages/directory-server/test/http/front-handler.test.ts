import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { Jws } from '@parley/shared/signed/jws.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { frontHandler } from '#http/front-handler.ts'
import { RouteMeter } from '#metrics/route-meter.ts'
import { PresenceClient } from '../support/presence-client.ts'
import { shareDirectory, TestDirectory } from '../support/test-directory.ts'

/** Every byte that answers these lines and the end of the sender, without the date. */
async function exchange(url: string, ...lines: string[]): Promise<string> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.end([...lines, 'Host: parley.example', 'Connection: close', '', ''].join('\r\n'))
  const answer = await buffer(socket)
  return answer.toString('latin1').replace(/\r\nDate: [^\r]+/, '')
}

/** Makes a request one that only Express answers, and means nothing there. */
const TO_EXPRESS = 'If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT'

describe('an answer from before Express is the one of Express, byte for byte:', () => {
  const shared = shareDirectory()
  const visits = new AsyncDisposableStack()

  beforeAll(async () => {
    const directory = shared()
    const alice = await directory.register('alice')
    await directory.register('alice-2', alice)
    const bob = await directory.register('bob')
    await directory.put(`/v1/users/bob/devices/${bob.device.id}`, { statement: await bob.statement() })
    const carol = await directory.register('carol')
    visits.use(await PresenceClient.enter(directory.url, carol))
    const dora = await directory.register('dora')
    await directory.delete('/v1/users/dora', { retirement: await dora.retirement() })
    for (const name of ['emil', 'fanny']) await directory.register(name)
  })
  afterAll(() => visits.disposeAsync())

  // Whoever is asked for plainly is asked for once, so that the answer is made then.
  test.each([
    ['a name that is held', 'GET /v1/users/alice HTTP/1.1'],
    ['a name that is held twice over', 'GET /v1/users/alice-2 HTTP/1.1'],
    ['a name whose devices said where they are', 'GET /v1/users/bob HTTP/1.1'],
    ['a name that is online', 'GET /v1/users/carol HTTP/1.1'],
    ['HTTP/1.0', 'GET /v1/users/emil HTTP/1.0'],
    ['the head alone', 'HEAD /v1/users/fanny HTTP/1.1'],
    ['a name that nobody holds', 'GET /v1/users/nobody HTTP/1.1'],
    ['a name that was given up', 'GET /v1/users/dora HTTP/1.1'],
    ['a name in capitals', 'GET /v1/users/Alice HTTP/1.1'],
    ['what cannot be a name', 'GET /v1/users/al!ce HTTP/1.1'],
    ['a name in percent encoding', 'GET /v1/users/%61lice HTTP/1.1'],
    ['a broken percent encoding', 'GET /v1/users/%ff HTTP/1.1'],
    ['a query', 'GET /v1/users/alice?proof=1 HTTP/1.1'],
    ['an empty query', 'GET /v1/users/alice? HTTP/1.1'],
    ['a fragment', 'GET /v1/users/alice#x HTTP/1.1'],
    ['a path that goes on', 'GET /v1/users/alice/ HTTP/1.1'],
    ['no name', 'GET /v1/users/ HTTP/1.1'],
    ['a whole address', 'GET http://parley.example/v1/users/alice HTTP/1.1'],
    ['another method', 'POST /v1/users/alice HTTP/1.1'],
    ['another path', 'GET /v1/userz/alice HTTP/1.1'],
  ])('%s', async (_, line) => {
    const { url } = shared()
    const express = await exchange(url, line, TO_EXPRESS)
    const made = await exchange(url, line)
    const kept = await exchange(url, line)

    expect(express).toMatch(/^HTTP\/1\.1 [245]\d\d /)
    expect([made, kept]).toEqual([express, express])
  })
})

describe('Express is not asked', () => {
  const answers = { get: (url: string) => (url === '/v1/users/alice' ? '{"name":"alice"}' : undefined) }

  async function statusOf(
    line: string,
    header: string,
    options: { isEachLogged?: boolean; isAdmitted?: boolean } = {},
  ): Promise<string> {
    const app: RequestListener = (_request, response) => void response.writeHead(299).end()
    const meter = new RouteMeter('GET', '/v1/users/:name')
    const front = frontHandler({
      answers,
      app,
      isEachLogged: () => options.isEachLogged ?? false,
      isAdmitted: () => options.isAdmitted ?? true,
      meter,
    })
    const server = createServer(front).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const answer = await exchange(`http://127.0.0.1:${port}`, line, header)
    server.close()
    expect(meter.codes.get(200) ?? 0).toBe(answer.startsWith('HTTP/1.1 200') ? 1 : 0)
    return answer.slice(9, 12)
  }

  test('for a plain lookup of a name that is held', async () => {
    expect(await statusOf('GET /v1/users/alice HTTP/1.1', 'Accept: */*')).toBe('200')
    expect(await statusOf('GET /v1/users/alice HTTP/1.1', 'I: f-')).toBe('200')
  })

  test.each([
    ['the method is another', 'PUT /v1/users/alice HTTP/1.1', 'Accept: */*'],
    ['there is no answer', 'GET /v1/users/bob HTTP/1.1', 'Accept: */*'],
    ['it depends on a condition', 'GET /v1/users/alice HTTP/1.1', 'if-none-match: *'],
    ['it depends on another condition', 'GET /v1/users/alice HTTP/1.1', 'IF-RANGE: "x"'],
  ])('unless %s', async (_, line, header) => {
    expect(await statusOf(line, header)).toBe('299')
  })

  test('unless somebody reads a line for each request', async () => {
    expect(await statusOf('GET /v1/users/alice HTTP/1.1', 'Accept: */*', { isEachLogged: true })).toBe('299')
  })

  test('unless its source asked too often', async () => {
    expect(await statusOf('GET /v1/users/alice HTTP/1.1', 'Accept: */*', { isAdmitted: false })).toBe('299')
  })
})

describe('a lookup right after a change tells of it:', () => {
  test('a new record', async () => {
    await using directory = await TestDirectory.start()
    const alice = await directory.register('alice')
    const before = await directory.user('alice')
    const { record } = await directory.publish(alice, { displayName: 'Alice A.' })

    expect(before.record).not.toBe(record)
    expect(await directory.user('alice')).toMatchObject({ record, logIndex: 1 })
  })

  test('a rotated key', async () => {
    await using directory = await TestDirectory.start()
    const alice = await directory.register('alice')
    await directory.user('alice')
    await alice.rotate()
    const { record } = await directory.publish(alice)

    expect(await directory.user('alice')).toMatchObject({ record })
  })

  test('a statement, under every name of its account', async () => {
    await using directory = await TestDirectory.start()
    const alice = await directory.register('alice')
    await directory.register('alice-2', alice)
    for (const name of ['alice', 'alice-2']) expect((await directory.user(name)).devices).toEqual([])
    const statements: Jws[] = []
    for (const round of [1, 2]) {
      statements.push(await alice.statement({ seq: round }))
      await directory.put(`/v1/users/alice/devices/${alice.device.id}`, { statement: statements.at(-1) })
      for (const name of ['alice', 'alice-2'])
        expect((await directory.user(name)).devices).toEqual(statements.slice(-1))
    }
  })

  test('a device that the record lists no more', async () => {
    await using directory = await TestDirectory.start()
    const alice = await directory.register('alice')
    await directory.put(`/v1/users/alice/devices/${alice.device.id}`, { statement: await alice.statement() })
    expect((await directory.user('alice')).devices).toHaveLength(1)
    await directory.publish(alice, { revoked: [alice.device.id] })

    expect((await directory.user('alice')).devices).toEqual([])
  })

  test('a retirement, and the return after it', async () => {
    await using directory = await TestDirectory.start()
    const alice = await directory.register('alice')
    await directory.user('alice')
    await directory.delete('/v1/users/alice', { retirement: await alice.retirement() })
    expect((await directory.get('/v1/users/alice')).status).toBe(404)
    const record = await alice.record({ seq: 3 })
    await directory.put('/v1/users/alice', { record })
    expect(await directory.user('alice')).toMatchObject({ record })
  })

  test('somebody comes and goes, again and again', async () => {
    await using directory = await TestDirectory.start()
    const alice = await directory.register('alice')
    expect((await directory.user('alice')).lastSeen).toBeUndefined()
    for (const _ of [1, 2]) {
      const visit = await PresenceClient.enter(directory.url, alice)
      expect(await directory.user('alice')).toMatchObject({ status: 'online' })
      await visit.close()
      expect(await directory.user('alice')).toMatchObject({ status: 'offline', lastSeen: expect.any(Number) })
    }
  })

  test('in any order, with lookups at the same time', async () => {
    await using directory = await TestDirectory.start()
    const alice = await directory.register('alice')
    let isOver = false
    const lookups = async () => {
      while (!isOver) await directory.user('alice')
    }
    const reading = Promise.all([lookups(), lookups(), lookups(), lookups()])
    for (let round = 1; round <= 20; round += 1) {
      const { record } = await directory.publish(alice)
      expect((await directory.user('alice')).record).toBe(record)
    }
    isOver = true
    await reading
  })
})
