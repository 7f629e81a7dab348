import { HeartbeatAnswer } from '@parley/shared/directory-api/heartbeat.ts'
import { digestOf } from '@parley/shared/hashes.ts'
import { Digest } from '@parley/shared/ids.ts'
import { describe, expect, test } from 'vitest'
import type { Person } from '../test/support/people.ts'
import { PresenceClient } from '../test/support/presence-client.ts'
import { DirectoryUnderTest, problem, userPath } from './support/directory-under-test.ts'

async function beat(directory: DirectoryUnderTest, person: Person, heartbeat: string) {
  return await directory.request.post(`${userPath(person)}/heartbeat`).send({ heartbeat })
}

describe('a heartbeat', () => {
  test('makes an account online for a while, and takes it offline again', async () => {
    const directory = await DirectoryUnderTest.visit()
    const alice = await directory.register()
    await using watcher = await PresenceClient.enter(directory.url, await directory.register())
    watcher.send({ type: 'watch', names: [alice.name] })
    await watcher.next('presence')

    const answer = await beat(directory, alice, await alice.heartbeat())
    expect(answer.status).toBe(200)
    expect(HeartbeatAnswer.parse(answer.body)).toMatchObject({ status: 'online', onlineUntil: expect.any(Number) })
    expect(await watcher.next('presence')).toMatchObject({ changes: [{ name: alice.name, status: 'online' }] })
    expect(await directory.user(alice)).toMatchObject({ status: 'online' })
    expect(await directory.listed('&status=online', [alice])).toHaveLength(1)

    const left = await beat(directory, alice, await alice.heartbeat({ status: 'offline' }))
    expect(left).toMatchObject({ status: 200, body: { status: 'offline' } })
    expect(await watcher.next('presence')).toMatchObject({ changes: [{ name: alice.name, status: 'offline' }] })
    expect(await directory.user(alice)).toMatchObject({ status: 'offline', lastSeen: expect.any(Number) })
  })

  test('that is replayed does nothing: its number has to rise', async () => {
    const directory = await DirectoryUnderTest.visit()
    const alice = await directory.register()
    const old = await alice.heartbeat({ n: 5 })
    expect(await beat(directory, alice, old)).toMatchObject({ status: 200 })
    expect(await beat(directory, alice, await alice.heartbeat({ status: 'offline', n: 6 }))).toMatchObject({
      status: 200,
    })

    expect(await beat(directory, alice, old)).toMatchObject(problem(409, 'stale-seq', { current: 6 }))
    expect(await directory.user(alice)).toMatchObject({ status: 'offline' })
  })

  test('is taken only from a device of the account, for its name and this directory', async () => {
    const directory = await DirectoryUnderTest.visit()
    const alice = await directory.register()
    const bob = await directory.register()
    const stranger = await directory.person()
    const elsewhere = await alice.heartbeat({ aud: Digest.parse(digestOf('another directory')) })

    expect(await beat(directory, alice, elsewhere)).toMatchObject(problem(400, 'wrong-audience'))
    expect(await beat(directory, bob, await alice.heartbeat())).toMatchObject(problem(400, 'wrong-name'))
    const byStranger = await beat(directory, alice, await stranger.heartbeat({ name: alice.name }))
    expect([400, 401, 404]).toContain(byStranger.status)
    expect(await directory.user(alice)).toMatchObject({ status: 'offline' })
  })
})

describe('an account that hides its presence', () => {
  test('is shown to nobody as online, as seen, or at an address', async () => {
    const directory = await DirectoryUnderTest.visit()
    const alice = await directory.register({ hidePresence: true })
    await using watcher = await PresenceClient.enter(directory.url, await directory.register())
    await using visit = await PresenceClient.enter(directory.url, alice)
    await beat(directory, alice, await alice.heartbeat())

    watcher.send({ type: 'watch', names: [alice.name] })
    expect((await watcher.next('presence')).changes).toEqual([{ name: alice.name, status: 'offline' }])
    const user = await directory.user(alice)
    expect(user.status).toBe('offline')
    for (const field of ['lastSeen', 'observedAddress']) expect(user).not.toHaveProperty(field)
    expect(await directory.listed('&status=online', [alice])).toEqual([])
    await visit.close()
    expect(await directory.user(alice)).toEqual(user)
  })
})
