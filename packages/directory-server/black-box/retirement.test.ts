import { Name } from '@parley/shared/ids.ts'
import { describe, expect, test } from 'vitest'
import { DirectoryUnderTest, devicePath, problem, userPath } from './support/directory-under-test.ts'
import { randomName } from './support/guests.ts'

describe('retirement', () => {
  test('gives a name up and says where its account went', async () => {
    const directory = await DirectoryUnderTest.visit()
    const alice = await directory.register()
    const next = randomName()
    const alicia = await directory.person(next, alice)
    await directory.publish(alicia)

    const retirement = await alice.retirement({ movedTo: Name.parse(next) })
    await directory.request.delete(userPath(alice)).send({ retirement }).expect(204)

    const answer = await directory.request.get(userPath(alice))
    expect(answer).toMatchObject(problem(404, 'unknown-name'))
    expect(JSON.stringify(answer.body)).toContain(next)
    expect(await directory.listed('', [alice, alicia])).toMatchObject([{ name: next }])
    await directory.request
      .put(devicePath(alice))
      .send({ statement: await alice.statement() })
      .expect(404)
  })

  test('answers the same again alike', async () => {
    const directory = await DirectoryUnderTest.visit()
    const alice = await directory.register()
    const retirement = await alice.retirement()

    for (let time = 0; time < 3; time++) {
      await directory.request.delete(userPath(alice)).send({ retirement }).expect(204)
    }
  })

  test('keeps the name reserved for its account, which may return, but not by what it signed before', async () => {
    const directory = await DirectoryUnderTest.visit()
    const alice = await directory.person()
    const old = await alice.record()
    await directory.request.put(userPath(alice)).send({ record: old }).expect(201)
    alice.accepted(old)
    const retirement = await alice.retirement()
    await directory.request.delete(userPath(alice)).send({ retirement }).expect(204)
    const newcomer = await directory.person(alice.name)
    const put = (record: string) => directory.request.put(userPath(alice)).send({ record })

    expect(await put(await newcomer.record())).toMatchObject(problem(409, 'name-reserved'))
    expect(await put(old)).toMatchObject(problem(409, 'stale-seq', { current: 2 }))
    expect(await put(await alice.record({ seq: 3 }))).toMatchObject({ status: 201 })
  })

  test('is taken from nobody but the account, by its key in force, for this name and this moment', async () => {
    const directory = await DirectoryUnderTest.visit()
    const alice = await directory.register()
    const bob = await directory.register()
    const foreign = [
      await bob.retirement({ name: alice.name }),
      await alice.retirement({}, bob.key.privateKey),
      await alice.retirement({ name: bob.name }),
      await alice.retirement({ seq: 1 }),
    ]

    for (const retirement of foreign) {
      const { status, body } = await directory.request.delete(userPath(alice)).send({ retirement })
      expect([400, 401, 409]).toContain(status)
      expect(body).toHaveProperty('code')
    }
    expect(await directory.user(alice)).toMatchObject({ accountId: alice.accountId })
  })
})
