import { CLOSE } from '@parley/shared/directory-api/presence.ts'
import { Name } from '@parley/shared/ids.ts'
import { describe, expect, test } from 'vitest'
import { PresenceClient } from './support/presence-client.ts'
import { refusal, TestDirectory } from './support/test-directory.ts'

describe('a record that has expired', () => {
  test('takes its devices offline, connected or not, though nothing was written', async () => {
    let now = Date.UTC(2030, 0, 1)
    await using directory = await TestDirectory.start({ now: () => now, limit: { EXPIRY_SWEEP_MS: 20 } })
    const [alice, carol] = [directory.person('alice'), directory.person('carol')]
    for (const person of [alice, carol]) await directory.publish(person, { expiresAt: now + 1_000 })
    await using watcher = await PresenceClient.enter(directory.url, await directory.register('bob'))
    await using visit = await PresenceClient.enter(directory.url, alice)
    await directory.post('/v1/users/carol/heartbeat', { heartbeat: await carol.heartbeat() })
    watcher.send({ type: 'watch', names: ['alice', 'carol'].map((name) => Name.parse(name)) })
    expect(await watcher.next('presence')).toMatchObject({ changes: [{ status: 'online' }, { status: 'online' }] })

    now += 1_000

    expect(await visit.closed).toBe(CLOSE.unauthenticated)
    const gone = new Set<string>()
    while (gone.size < 2) {
      const { changes } = await watcher.next('presence')
      for (const { name, status } of changes) if (status === 'offline') gone.add(name)
    }
    expect((await directory.get('/v1/users?status=online')).body).toMatchObject({ users: [{ name: 'bob' }] })
  })

  test('leaves the name to its account, which comes back with a new one', async () => {
    let now = Date.UTC(2030, 0, 1)
    await using directory = await TestDirectory.start({ now: () => now, limit: { EXPIRY_SWEEP_MS: 20 } })
    const alice = directory.person('alice')
    await directory.publish(alice, { expiresAt: now + 1_000 })
    now += 365 * 24 * 60 * 60 * 1000

    const record = await directory.person('alice').record()
    expect(await directory.put('/v1/users/alice', { record })).toMatchObject(refusal(409, 'name-taken'))
    expect(await directory.user('alice')).toMatchObject({ accountId: alice.accountId, status: 'offline' })
    expect((await directory.get('/v1/users')).body).toMatchObject({ users: [{ name: 'alice' }] })
    await directory.publish(alice)
    await using visit = await PresenceClient.enter(directory.url, alice)
    expect((await directory.get('/v1/search?q=al')).body).toMatchObject({ users: [{ status: 'online' }] })
    expect(visit.socket.readyState).toBe(1)
  })
})
