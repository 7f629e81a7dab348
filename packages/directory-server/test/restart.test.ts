import { once } from 'node:events'
import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { CLOSE } from '@parley/shared/directory-api/presence.ts'
import { describe, expect, test } from 'vitest'
import { startDirectory } from '#directory-server.ts'
import { prekeyBatch } from './support/people.ts'
import { PresenceClient } from './support/presence-client.ts'
import { refusal, TestDirectory } from './support/test-directory.ts'

describe('a restart', () => {
  test('loses nothing and invents nobody online', async () => {
    let now = Date.UTC(2030, 0, 1)
    await using directory = await TestDirectory.start({ now: () => now })
    const { key } = directory
    const alice = await directory.register('alice')
    const bob = await directory.register('bob')
    const gone = await directory.register('gone')
    const device = `/v1/users/alice/devices/${alice.device.id}`
    const statement = await alice.statement()
    await directory.put(device, { statement })
    const prekeys = JSON.stringify(prekeyBatch(3))
    await directory.put(`${device}/prekeys`, { upload: await alice.upload(prekeys), prekeys })
    const claim = await bob.claim(alice.device.id)
    await directory.post(`${device}/prekeys/claim`, { claim })
    await directory.delete('/v1/users/gone', { retirement: await gone.retirement() })
    await using visit = await PresenceClient.enter(directory.url, alice)
    const before = await directory.user('alice')
    now += 60_000

    await directory.restart()

    expect(await visit.closed).toBe(CLOSE.stopping)
    expect(directory.key).toBe(key)
    const { status: _, ...signed } = before
    expect(await directory.user('alice')).toEqual({ ...signed, status: 'offline', lastSeen: now })
    expect((await directory.get('/v1/users?status=online')).body).toEqual({ users: [] })
    expect(await directory.get(`${device}/prekeys`)).toMatchObject({ body: { oneTime: 2 } })
    expect(await directory.post(`${device}/prekeys/claim`, { claim })).toMatchObject(refusal(409, 'stale-seq'))
    const record = await directory.person('gone').record()
    expect(await directory.put('/v1/users/gone', { record })).toMatchObject(refusal(409, 'name-reserved'))
    expect(await directory.publish(bob)).toMatchObject({ logIndex: 4 })
  })

  test('does not bring back what was revoked or handed out', async () => {
    await using directory = await TestDirectory.start()
    const alice = await directory.register('alice')
    const bob = await directory.register('bob')
    const path = `/v1/users/alice/devices/${alice.device.id}/prekeys`
    const prekeys = JSON.stringify(prekeyBatch(2))
    await directory.put(path, { upload: await alice.upload(prekeys), prekeys })
    const ids: unknown[] = []
    for (let round = 0; round < 3; round++) {
      const { body } = await directory.post(`${path}/claim`, { claim: await bob.claim(alice.device.id) })
      ids.push(body)
      await directory.restart()
    }

    expect(ids).toMatchObject([{ bundle: { curve: { id: 1 } } }, { bundle: { curve: { id: 2 } } }, {}])
    expect(ids[2]).not.toHaveProperty('bundle.curve')
  })
})

describe('stopping', () => {
  test('finishes requests under way, then is gone', async () => {
    await using directory = await TestDirectory.start()
    const record = JSON.stringify({ record: await directory.person('alice').record() })
    const { url } = directory
    const started = Promise.withResolvers<void>()
    const finish = Promise.withResolvers<void>()
    const body = Readable.from(
      (async function* () {
        yield record.slice(0, 10)
        started.resolve()
        await finish.promise
        yield record.slice(10)
      })(),
    )
    const answer = fetch(`${url}/v1/users/alice`, {
      method: 'PUT',
      body: Readable.toWeb(body),
      duplex: 'half',
      headers: { 'content-type': 'application/json' },
    })
    await started.promise
    // The answer of another connection shows that the first part has been read.
    await directory.get('/readyz')

    const stopped = directory.stop()
    finish.resolve()

    expect((await answer).status).toBe(201)
    await stopped
    await expect(fetch(url)).rejects.toThrow('fetch failed')
    await directory.restart()
    expect(await directory.user('alice')).toMatchObject({ name: 'alice' })
  })

  test('does not wait for ever for a request that never ends, nor for idle connections', async () => {
    await using directory = await TestDirectory.start({ limit: { STOP_TIMEOUT_MS: 100 } })
    const { hostname, port } = new URL(directory.url)
    const [idle, stuck] = [connect(Number(port), hostname), connect(Number(port), hostname)]
    const closed = Promise.all([idle, stuck].map((socket) => once(socket.resume(), 'close')))
    await Promise.all([idle, stuck].map((socket) => once(socket, 'connect')))
    stuck.write('PUT /v1/users/alice HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{')
    await directory.get('/healthz')

    await directory.stop()
    await closed
  })

  test('closes presence connections with 1001, even of those who never answer', async () => {
    await using directory = await TestDirectory.start({ limit: { PRESENCE_CLOSE_TIMEOUT_MS: 50 } })
    const alice = await directory.register('alice')
    const bob = await directory.register('bob')
    await using healthy = await PresenceClient.enter(directory.url, alice)
    await using frozen = await PresenceClient.enter(directory.url, bob)
    await using anonymous = await PresenceClient.open(directory.url)
    frozen.socket.pause()

    await directory.stop()

    expect(await healthy.closed).toBe(CLOSE.stopping)
    expect(await anonymous.closed).toBe(CLOSE.stopping)
    frozen.socket.resume()
    expect(await frozen.closed).toBe(CLOSE.stopping)
  })

  test('twice is safe', async () => {
    await using directory = await TestDirectory.start()

    await Promise.all([directory.stop(), directory.stop()])
    await directory.stop()
  })
})

describe('starting', () => {
  test('is refused on an address that other machines reach, unless it is asked for', async () => {
    await using directory = await TestDirectory.start()
    const { dataDir } = directory
    await directory.stop()

    for (const host of ['0.0.0.0', '::', '192.0.2.1', 'example.org', '']) {
      await expect(startDirectory({ dataDir, host, port: 0 })).rejects.toMatchObject({ code: 'insecure-address' })
    }
    await using open = await startDirectory({ dataDir, host: '0.0.0.0', port: 0, insecureHttp: true })
    expect(open.url).toMatch(/^http:\/\/0\.0\.0\.0:\d+$/)
  })

  test('that fails leaves nothing behind that would keep the next one out', async () => {
    await using directory = await TestDirectory.start()
    await using other = await TestDirectory.start()
    await directory.stop()
    const port = Number(new URL(other.url).port)

    await expect(startDirectory({ dataDir: directory.dataDir, port })).rejects.toMatchObject({ code: 'address-in-use' })
    await directory.restart()
    expect((await directory.get('/readyz')).body).toEqual({ status: 'ready' })
  })

  test('a second directory on the same data is refused', async () => {
    await using directory = await TestDirectory.start()

    await expect(startDirectory({ dataDir: directory.dataDir, port: 0 })).rejects.toMatchObject({
      code: 'data-dir-in-use',
    })
    expect((await directory.get('/healthz')).body).toEqual({ status: 'ok' })
  })
})
