import { describe, expect, test } from '@jest/globals'
import { TestDirectory } from './support/test-directory.ts'

describe('registration', () => {
  test('a name that nobody holds is given to the first who signs for it', async () => {
    await using directory = await TestDirectory.start()
    const alice = directory.person('alice')
    const record = await alice.record()

    const answer = await directory.put('/v1/users/alice', { record })

    expect(answer).toMatchObject({
      status: 201,
      body: { accountId: alice.accountId, name: 'alice', record, devices: [], status: 'offline', logIndex: 0 },
    })
    expect((await directory.get('/v1/users/alice')).body).toEqual(answer.body)
  })

  test('a newer record replaces the one in force, and the same record again changes nothing', async () => {
    await using directory = await TestDirectory.start()
    const alice = await directory.register('alice')
    const record = await alice.record({ displayName: 'Alice A.' })

    expect(await directory.put('/v1/users/alice', { record })).toMatchObject({
      status: 200,
      body: { record, logIndex: 1 },
    })
    expect(await directory.put('/v1/users/alice', { record })).toMatchObject({
      status: 200,
      body: { record, logIndex: 1 },
    })
  })

  test('one account may hold several names', async () => {
    await using directory = await TestDirectory.start()
    const alice = await directory.register('alice')
    const alicia = await directory.register('alicia', alice)

    expect(await directory.user('alicia')).toMatchObject({ accountId: alice.accountId, logIndex: 1 })
    expect(alicia.accountId).toBe(alice.accountId)
  })
})
