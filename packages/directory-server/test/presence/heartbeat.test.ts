import { Name } from '@parley/shared/ids.ts'
import { describe, expect, test } from 'vitest'
import { Device } from '../support/people.ts'
import { PresenceClient } from '../support/presence-client.ts'
import { refusal, TestDirectory } from '../support/test-directory.ts'

const BRIEF = { limit: { HEARTBEAT_ONLINE_MS: 150, HEARTBEAT_WRITE_MS: 20 } }
const alices = [Name.parse('alice')]

/** Somebody else, who is told whenever alice comes or goes. */
async function watchAlice(directory: TestDirectory): Promise<PresenceClient> {
  const watcher = await PresenceClient.enter(directory.url, await directory.register('watcher'))
  watcher.send({ type: 'watch', names: alices })
  await watcher.next('presence')
  return watcher
}

async function statuses(directory: TestDirectory): Promise<string[]> {
  const { body } = await directory.get('/v1/users?status=online')
  return JSON.parse(JSON.stringify(body)).users.map((user: { name: string }) => user.name)
}

describe('a heartbeat', () => {
  test('puts its account online, and tells the device what the directory makes of it', async () => {
    const now = Date.UTC(2030, 0, 1)
    await using directory = await TestDirectory.start({ now: () => now })
    const alice = await directory.register('alice')
    await using watcher = await watchAlice(directory)

    const answer = await directory.post('/v1/users/alice/heartbeat', { heartbeat: await alice.heartbeat() })

    expect(answer).toMatchObject({
      status: 200,
      body: { status: 'online', onlineUntil: now + 60_000, observedAddress: '127.0.0.1' },
    })
    expect(await watcher.next('presence')).toMatchObject({ changes: [{ name: 'alice', status: 'online' }] })
    expect(await directory.user('alice')).toMatchObject({ status: 'online' })
    expect(await statuses(directory)).toEqual(['alice', 'watcher'])
  })

  test('holds for a while and is then over, with the time of the heartbeat as the last that was seen', async () => {
    const now = Date.UTC(2030, 0, 1)
    await using directory = await TestDirectory.start({ now: () => now, ...BRIEF })
    const alice = await directory.register('alice')
    await using watcher = await watchAlice(directory)
    await directory.post('/v1/users/alice/heartbeat', { heartbeat: await alice.heartbeat() })
    await watcher.next('presence')

    expect(await watcher.next('presence')).toEqual({
      type: 'presence',
      changes: [{ name: 'alice', status: 'offline', lastSeen: now }],
    })
    expect(await directory.user('alice')).toMatchObject({ status: 'offline', lastSeen: now })
    expect(await statuses(directory)).toEqual(['watcher'])
  })

  test('that says offline ends it at once', async () => {
    await using directory = await TestDirectory.start()
    const alice = await directory.register('alice')
    await using watcher = await watchAlice(directory)
    await directory.post('/v1/users/alice/heartbeat', { heartbeat: await alice.heartbeat() })
    await watcher.next('presence')

    const heartbeat = await alice.heartbeat({ status: 'offline' })
    const { body } = await directory.post('/v1/users/alice/heartbeat', { heartbeat })

    expect(body).toEqual({ status: 'offline', observedAddress: '127.0.0.1' })
    expect(await watcher.next('presence')).toMatchObject({ changes: [{ name: 'alice', status: 'offline' }] })
    expect(await directory.user('alice')).toMatchObject({ status: 'offline', lastSeen: expect.any(Number) })
  })

  test('and a connection each keep the account online, whichever ends first', async () => {
    await using directory = await TestDirectory.start(BRIEF)
    const alice = directory.person('alice')
    const phone = new Device()
    alice.devices.push(phone)
    await directory.publish(alice)
    await using watcher = await watchAlice(directory)

    // The heartbeat runs out under a connection.
    await using visit = await PresenceClient.enter(directory.url, alice)
    await watcher.next('presence')
    await directory.post('/v1/users/alice/heartbeat', { heartbeat: await alice.heartbeat({}, phone) })
    const goodbye = await alice.heartbeat({ status: 'offline' }, phone)
    const { body } = await directory.post('/v1/users/alice/heartbeat', { heartbeat: goodbye })
    expect(body).toMatchObject({ status: 'online' })
    // The connection ends under a heartbeat.
    await directory.post('/v1/users/alice/heartbeat', { heartbeat: await alice.heartbeat({}, phone) })
    await visit.close()

    // Had the account been offline in between, its watcher would have heard of it first.
    expect(await watcher.next('presence')).toMatchObject({ changes: [{ name: 'alice', status: 'offline' }] })
    expect(await directory.user('alice')).toMatchObject({ status: 'offline' })
  })

  test('counts once: neither the same one nor an older one is taken again, also after a restart', async () => {
    await using directory = await TestDirectory.start()
    const alice = await directory.register('alice')
    const first = await alice.heartbeat()
    const second = await alice.heartbeat()
    await directory.post('/v1/users/alice/heartbeat', { heartbeat: second })
    const stale = refusal(409, 'stale-seq', { current: 2 })

    for (const heartbeat of [first, second]) {
      expect(await directory.post('/v1/users/alice/heartbeat', { heartbeat })).toMatchObject(stale)
    }
    await directory.restart()
    expect(await directory.user('alice')).toMatchObject({ status: 'offline', lastSeen: expect.any(Number) })
    for (const heartbeat of [first, second]) {
      expect(await directory.post('/v1/users/alice/heartbeat', { heartbeat })).toMatchObject(stale)
    }
    const { status } = await directory.post('/v1/users/alice/heartbeat', { heartbeat: await alice.heartbeat() })
    expect(status).toBe(200)
  })

  test('is refused from whoever is not a device of the name, for another name, directory or kind', async () => {
    await using directory = await TestDirectory.start()
    await using other = await TestDirectory.start()
    const alice = await directory.register('alice')
    const bob = await directory.register('bob')
    const post = async (heartbeat: string, name = 'alice') =>
      directory.post(`/v1/users/${name}/heartbeat`, { heartbeat })

    expect(await post(await bob.heartbeat())).toMatchObject(refusal(400, 'wrong-name'))
    expect(await post(await bob.heartbeat({ name: alice.name }))).toMatchObject(refusal(404, 'unknown-device'))
    expect(await post(await alice.heartbeat({}, new Device()))).toMatchObject(refusal(404, 'unknown-device'))
    expect(await post(await alice.heartbeat({ aud: other.person('x').audience }))).toMatchObject(
      refusal(400, 'wrong-audience'),
    )
    expect(await post(await alice.claim(alice.device.id))).toMatchObject(refusal(400, 'wrong-kind'))
    const [header, , signature] = (await alice.heartbeat()).split('.')
    const [, payload] = (await alice.heartbeat({ n: 1_000 })).split('.')
    expect(await post(`${header}.${payload}.${signature}`)).toMatchObject(refusal(401, 'bad-signature'))
    const nobody = directory.person('nobody')
    expect(await post(await nobody.heartbeat(), 'nobody')).toMatchObject(refusal(404, 'unknown-name'))
    expect(await directory.user('alice')).toMatchObject({ status: 'offline' })
  })

  test('of a record that has expired is refused', async () => {
    let now = Date.UTC(2030, 0, 1)
    await using directory = await TestDirectory.start({ now: () => now })
    const alice = directory.person('alice')
    await directory.publish(alice, { expiresAt: now + 1_000 })
    now += 1_000

    expect(await directory.post('/v1/users/alice/heartbeat', { heartbeat: await alice.heartbeat() })).toMatchObject(
      refusal(400, 'expired'),
    )
  })

  test('of a device that a newer record no longer lists is over', async () => {
    await using directory = await TestDirectory.start()
    const alice = directory.person('alice')
    const lost = new Device()
    alice.devices.push(lost)
    await directory.publish(alice)
    await using watcher = await watchAlice(directory)
    await directory.post('/v1/users/alice/heartbeat', { heartbeat: await alice.heartbeat({}, lost) })
    await watcher.next('presence')

    await directory.publish(alice, { revoked: [lost.id] })

    expect(await watcher.next('presence')).toMatchObject({ changes: [{ name: 'alice', status: 'offline' }] })
    expect(await directory.user('alice')).toMatchObject({ status: 'offline' })
  })

  test('finds no room beyond the maximum, unless its device has sent one before', async () => {
    await using directory = await TestDirectory.start({ limit: { MAX_HEARTBEAT_DEVICES: 1 } })
    const alice = await directory.register('alice')
    const bob = await directory.register('bob')
    const post = async (name: string, heartbeat: string) => directory.post(`/v1/users/${name}/heartbeat`, { heartbeat })

    expect((await post('alice', await alice.heartbeat())).status).toBe(200)
    expect(await post('bob', await bob.heartbeat())).toMatchObject(refusal(503, 'busy'))
    expect((await post('alice', await alice.heartbeat())).status).toBe(200)
  })
})
