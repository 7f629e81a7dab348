import { Name } from '@parley/shared/ids.ts'
import { describe, expect, test } from 'vitest'
import { PresenceClient } from './support/presence-client.ts'
import { TestDirectory } from './support/test-directory.ts'

const alices = [Name.parse('alice')]

/** Everything that the directory tells of alice to somebody who asks. */
async function told(directory: TestDirectory): Promise<unknown[]> {
  const paths = ['/v1/users/alice', '/v1/users', '/v1/search?q=ali', '/v1/search?q=lic', '/v1/users?status=offline']
  const answers = await Promise.all(paths.map((path) => directory.get(path)))
  const [user, ...lists] = answers.map(({ body }) => JSON.parse(JSON.stringify(body)))
  return [user, ...lists.map(({ users }) => users.find(({ name }: { name: string }) => name === 'alice'))]
}

describe('an account that hides its presence', () => {
  test('is shown to nobody as online, as seen, or at an address', async () => {
    await using directory = await TestDirectory.start()
    const alice = directory.person('alice')
    const published = await directory.publish(alice, { hidePresence: true })
    const watcher = await PresenceClient.enter(directory.url, await directory.register('bob'))
    await using visit = await PresenceClient.enter(directory.url, alice)
    await directory.post('/v1/users/alice/heartbeat', { heartbeat: await alice.heartbeat() })
    watcher.send({ type: 'watch', names: alices })

    expect(published).toMatchObject({ status: 'offline', observedAddress: '127.0.0.1' })
    for (const seen of await told(directory)) expect(seen).toMatchObject({ name: 'alice', status: 'offline' })
    for (const seen of await told(directory)) expect(JSON.stringify(seen)).not.toMatch(/lastSeen|observedAddress/)
    expect(await watcher.next('presence')).toEqual({
      type: 'presence',
      changes: [{ name: 'alice', status: 'offline' }],
    })
    for (const query of ['status=online', 'ip=127.0.0.1']) {
      expect((await directory.get(`/v1/users?${query}`)).body).toMatchObject({ users: [{ name: 'bob' }] })
    }

    await visit.close()
    await directory.post('/v1/users/alice/heartbeat', { heartbeat: await alice.heartbeat({ status: 'offline' }) })
    for (const seen of await told(directory)) expect(JSON.stringify(seen)).not.toMatch(/lastSeen|observedAddress/)
  })

  test('is not betrayed by frames that say nothing new', async () => {
    await using directory = await TestDirectory.start()
    const alice = directory.person('alice')
    await directory.publish(alice, { hidePresence: true })
    await using watcher = await PresenceClient.enter(directory.url, await directory.register('bob'))
    watcher.send({ type: 'watch', names: alices })
    await watcher.next('presence')

    await using visit = await PresenceClient.enter(directory.url, alice)
    await visit.close()
    await directory.post('/v1/users/alice/heartbeat', { heartbeat: await alice.heartbeat() })
    await directory.post('/v1/users/alice/heartbeat', { heartbeat: await alice.heartbeat({ status: 'offline' }) })
    await directory.publish(alice, { hidePresence: true })
    watcher.send({ type: 'watch', names: [] })

    expect(await watcher.next('presence')).toEqual({ type: 'presence', changes: [] })
  })

  test('gives the same answer to whoever sends its record a second time', async () => {
    await using directory = await TestDirectory.start()
    const alice = directory.person('alice')
    await directory.publish(alice, { hidePresence: true })
    await using visit = await PresenceClient.enter(directory.url, alice)
    const { record } = await directory.user('alice')

    const { body } = await directory.put('/v1/users/alice', { record })

    expect(body).toMatchObject({ status: 'offline', observedAddress: '127.0.0.1' })
    expect(body).not.toHaveProperty('lastSeen')
    expect(visit.socket.readyState).toBe(1)
  })

  test('vanishes and appears for its watchers when it changes its mind', async () => {
    await using directory = await TestDirectory.start()
    const alice = await directory.register('alice')
    await using watcher = await PresenceClient.enter(directory.url, await directory.register('bob'))
    watcher.send({ type: 'watch', names: alices })
    await watcher.next('presence')
    await using visit = await PresenceClient.enter(directory.url, alice)
    expect(await watcher.next('presence')).toMatchObject({ changes: [{ status: 'online' }] })

    await directory.publish(alice, { hidePresence: true })
    expect(await watcher.next('presence')).toEqual({
      type: 'presence',
      changes: [{ name: 'alice', status: 'offline' }],
    })
    expect((await directory.get('/v1/users?status=online')).body).toMatchObject({ users: [{ name: 'bob' }] })
    await directory.publish(alice)
    expect(await watcher.next('presence')).toEqual({ type: 'presence', changes: [{ name: 'alice', status: 'online' }] })
    expect((await directory.get('/v1/users?status=online')).body).toMatchObject({
      users: [{ name: 'alice' }, { name: 'bob' }],
    })
    expect(visit.socket.readyState).toBe(1)
  })

  test('hides under one name what it shows under another', async () => {
    await using directory = await TestDirectory.start()
    const alice = await directory.register('alice')
    const secret = directory.person('secret', alice)
    await directory.publish(secret, { hidePresence: true })
    await using visit = await PresenceClient.enter(directory.url, alice)

    expect(await directory.user('alice')).toMatchObject({ status: 'online' })
    expect(await directory.user('secret')).toMatchObject({ status: 'offline' })
    expect((await directory.get('/v1/users?status=online')).body).toMatchObject({ users: [{ name: 'alice' }] })
    expect(visit.socket.readyState).toBe(1)
  })
})
