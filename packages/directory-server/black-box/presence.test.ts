import { toBase64url } from '@parley/shared/bytes.ts'
import { CLOSE } from '@parley/shared/directory-api/presence.ts'
import { describe, expect, test } from 'vitest'
import { prekeyBatch } from '../test/support/people.ts'
import { PresenceClient } from '../test/support/presence-client.ts'
import { DirectoryUnderTest, devicePath, userPath } from './support/directory-under-test.ts'

describe('presence', () => {
  test('an account is online while its device is connected, and afterwards it is known since when not', async () => {
    const directory = await DirectoryUnderTest.visit()
    const alice = await directory.register()
    const visit = await PresenceClient.enter(directory.url, alice)

    expect(await directory.user(alice)).toMatchObject({ status: 'online' })
    expect(await directory.user(alice)).not.toHaveProperty('lastSeen')
    expect(await directory.listed('&status=online', [alice])).toHaveLength(1)
    expect(await directory.listed('&status=offline', [alice])).toHaveLength(0)

    await visit.close()
    await using bob = await PresenceClient.enter(directory.url, await directory.register())
    bob.send({ type: 'watch', names: [alice.name] })
    for (;;) {
      const { changes } = await bob.next('presence')
      if (changes.some((change) => change.status === 'offline')) break
    }
    expect(await directory.user(alice)).toMatchObject({ status: 'offline', lastSeen: expect.any(Number) })
    expect(await directory.listed('&status=offline', [alice])).toHaveLength(1)
  })

  test('a watcher is told the state at once, and then every change', async () => {
    const directory = await DirectoryUnderTest.visit()
    const alice = await directory.register()
    const nobody = await directory.person()
    await using watcher = await PresenceClient.enter(directory.url, await directory.register())

    watcher.send({ type: 'watch', names: [alice.name, nobody.name] })
    const { changes } = await watcher.next('presence')
    expect(changes).toHaveLength(2)
    expect(changes).toEqual(
      expect.arrayContaining([
        { name: alice.name, status: 'offline' },
        { name: nobody.name, status: 'offline' },
      ]),
    )

    const visit = await PresenceClient.enter(directory.url, alice)
    expect(await watcher.next('presence')).toMatchObject({ changes: [{ name: alice.name, status: 'online' }] })
    await visit.close()
    expect(await watcher.next('presence')).toMatchObject({
      changes: [{ name: alice.name, status: 'offline', lastSeen: expect.any(Number) }],
    })
  })

  test('whoever gives the name up goes offline', async () => {
    const directory = await DirectoryUnderTest.visit()
    const alice = await directory.register()
    await using visit = await PresenceClient.enter(directory.url, alice)
    const retirement = await alice.retirement()

    await directory.request.delete(userPath(alice)).send({ retirement }).expect(204)

    expect(await visit.closed).toBe(CLOSE.unauthenticated)
  })

  test('a device hears how many one-time prekeys are left, at first and after each claim', async () => {
    const directory = await DirectoryUnderTest.visit()
    const alice = await directory.register()
    const bob = await directory.register()
    const prekeys = JSON.stringify(prekeyBatch(2))
    const path = `${devicePath(alice)}/prekeys`
    await directory.request
      .put(path)
      .send({ upload: await alice.upload(prekeys), prekeys })
      .expect(200)

    await using visit = await PresenceClient.enter(directory.url, alice)
    expect(await visit.next('prekeys')).toEqual({ type: 'prekeys', oneTime: 2 })
    await directory.request
      .post(`${path}/claim`)
      .send({ claim: await bob.claim(alice.device.id) })
      .expect(200)
    expect(await visit.next('prekeys')).toEqual({ type: 'prekeys', oneTime: 1 })
  })

  test('nobody enters with a proof over another challenge, for a device that is not listed, or without proof', async () => {
    const directory = await DirectoryUnderTest.visit()
    const alice = await directory.register()
    const stranger = await directory.person()

    await using replay = await PresenceClient.open(directory.url)
    await replay.next('challenge')
    replay.send({ type: 'authenticate', proof: await alice.presenceProof(toBase64url(Buffer.alloc(16, 7))) })
    await using unlisted = await PresenceClient.open(directory.url)
    await unlisted.authenticate(stranger)
    await using hasty = await PresenceClient.open(directory.url)
    hasty.send({ type: 'watch', names: [alice.name] })

    for (const client of [replay, unlisted, hasty]) expect(await client.closed).toBe(CLOSE.unauthenticated)
    expect(await directory.user(alice)).toMatchObject({ status: 'offline' })
  })

  test('a second connection of a device takes the place of the first without an offline moment', async () => {
    const directory = await DirectoryUnderTest.visit()
    const alice = await directory.register()
    await using watcher = await PresenceClient.enter(directory.url, await directory.register())
    await using first = await PresenceClient.enter(directory.url, alice)
    watcher.send({ type: 'watch', names: [alice.name] })
    await watcher.next('presence')

    await using second = await PresenceClient.enter(directory.url, alice)
    expect(await first.closed).toBe(CLOSE.replaced)
    expect(await directory.user(alice)).toMatchObject({ status: 'online' })
    await second.close()

    expect(await watcher.next('presence')).toMatchObject({ changes: [{ name: alice.name, status: 'offline' }] })
  })

  test('a frame that is none ends the connection and harms nobody', async () => {
    const directory = await DirectoryUnderTest.visit()
    const alice = await directory.register()
    for (const frame of ['{', '[]', '{"type":"shout"}', '{"type":"watch","names":["NOT A NAME"]}']) {
      await using client = await PresenceClient.enter(directory.url, alice)
      client.socket.send(frame)
      expect(await client.closed).toBe(CLOSE.badRequest)
    }
    await using visit = await PresenceClient.enter(directory.url, alice)
    expect(await directory.user(alice)).toMatchObject({ status: 'online' })
    await visit.close()
  })
})
