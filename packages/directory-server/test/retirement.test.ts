import { Name } from '@parley/shared/ids.ts'
import { describe, expect, test } from 'vitest'
import { prekeyBatch } from './support/people.ts'
import { refusal, TestDirectory } from './support/test-directory.ts'

const DAY_MS = 24 * 60 * 60 * 1000

describe('retirement', () => {
  test('an account gives its name up, and says where it went', async () => {
    await using directory = await TestDirectory.start()
    const alice = await directory.register('alice')
    const retirement = await alice.retirement({ movedTo: Name.parse('alicia') })

    expect(await directory.delete('/v1/users/alice', { retirement })).toMatchObject({ status: 204, body: undefined })
    expect(await directory.get('/v1/users/alice')).toMatchObject(
      refusal(404, 'unknown-name', { detail: expect.stringContaining('alicia'), movedTo: 'alicia', retirement }),
    )
    expect((await directory.get('/v1/users')).body).toEqual({ users: [] })
  })

  test('whoever gave a name up without a new one is proved to have done so, until somebody holds it again', async () => {
    let today = Date.UTC(2030, 0, 1)
    await using directory = await TestDirectory.start({ now: () => today })
    const alice = await directory.register('alice')
    const retirement = await alice.retirement()
    await directory.delete('/v1/users/alice', { retirement })

    const answer = await directory.get('/v1/users/alice')
    expect(answer).toMatchObject(refusal(404, 'unknown-name', { retirement }))
    expect(answer.body).not.toHaveProperty('movedTo')
    expect((await directory.get('/v1/users/bob')).body).not.toHaveProperty('retirement')
    today += 91 * DAY_MS
    const next = await directory.register('alice')
    expect(await directory.user('alice')).toMatchObject({ accountId: next.accountId })
  })

  test('the same retirement again is answered as the first time', async () => {
    await using directory = await TestDirectory.start()
    const alice = await directory.register('alice')
    const retirement = await alice.retirement()

    const answers = await Promise.all([1, 2, 3].map(() => directory.delete('/v1/users/alice', { retirement })))
    answers.push(await directory.delete('/v1/users/alice', { retirement }))

    for (const answer of answers) expect(answer).toMatchObject({ status: 204 })
    const bob = directory.person('bob')
    expect(await directory.publish(bob)).toMatchObject({ logIndex: 2 })
  })

  test('the name is reserved for 90 days for everybody but its account', async () => {
    let today = Date.UTC(2030, 0, 1)
    await using directory = await TestDirectory.start({ now: () => today })
    const alice = await directory.register('alice')
    await directory.delete('/v1/users/alice', { retirement: await alice.retirement() })
    const newcomer = directory.person('alice')

    today += 90 * DAY_MS - 1
    const early = { record: await newcomer.record() }
    expect(await directory.put('/v1/users/alice', early)).toMatchObject(refusal(409, 'name-reserved'))
    today += 1
    expect(await directory.publish(newcomer)).toMatchObject({ accountId: newcomer.accountId })
  })

  test('the account itself may return with a higher number, but its old record may not', async () => {
    await using directory = await TestDirectory.start()
    const alice = directory.person('alice')
    const first = await alice.record()
    await directory.put('/v1/users/alice', { record: first })
    alice.accepted(first)
    await directory.delete('/v1/users/alice', { retirement: await alice.retirement() })

    const stale = refusal(409, 'stale-seq', { current: 2 })
    expect(await directory.put('/v1/users/alice', { record: first })).toMatchObject(stale)
    expect(await directory.put('/v1/users/alice', { record: await alice.record({ seq: 2 }) })).toMatchObject(stale)
    const record = await alice.record({ seq: 3 })
    expect(await directory.put('/v1/users/alice', { record })).toMatchObject({ status: 201, body: { logIndex: 2 } })
  })

  test('whoever held a name in former times cannot be brought back by a replay', async () => {
    let today = Date.UTC(2030, 0, 1)
    await using directory = await TestDirectory.start({ now: () => today })
    const former = directory.person('alice')
    const record = await former.record()
    await directory.put('/v1/users/alice', { record })
    former.accepted(record)
    await directory.delete('/v1/users/alice', { retirement: await former.retirement() })
    today += 100 * DAY_MS
    const later = await directory.register('alice')
    await directory.delete('/v1/users/alice', { retirement: await later.retirement() })
    today += 100 * DAY_MS

    expect(await directory.put('/v1/users/alice', { record })).toMatchObject(refusal(409, 'stale-seq', { current: 2 }))
  })

  test('only the account key in force can retire a name', async () => {
    await using directory = await TestDirectory.start()
    const alice = await directory.register('alice')
    const mallory = await directory.register('mallory')
    const old = alice.key
    await alice.rotate()
    await directory.publish(alice)
    const badSignature = refusal(401, 'bad-signature')

    for (const key of [old, mallory.key]) {
      const retirement = await alice.retirement({}, key.privateKey)
      expect(await directory.delete('/v1/users/alice', { retirement })).toMatchObject(badSignature)
    }
    expect(await directory.user('alice')).toMatchObject({ accountId: alice.accountId })
  })

  test('a retirement for another name, directory, account or of an older number is refused', async () => {
    await using directory = await TestDirectory.start()
    await using other = await TestDirectory.start()
    const alice = await directory.register('alice')
    await directory.publish(alice)
    const put = async (changes: Parameters<typeof alice.retirement>[0]) => {
      return directory.delete('/v1/users/alice', { retirement: await alice.retirement(changes) })
    }

    expect(await put({ name: Name.parse('bob') })).toMatchObject(refusal(400, 'wrong-name'))
    expect(await put({ accountId: directory.person('bob').accountId })).toMatchObject(refusal(400, 'wrong-name'))
    expect(await put({ aud: other.person('x').audience })).toMatchObject(refusal(400, 'wrong-audience'))
    expect(await put({ seq: 2 })).toMatchObject(refusal(409, 'stale-seq', { current: 2 }))
    const retirement = await alice.retirement({ name: Name.parse('nobody') })
    expect(await directory.delete('/v1/users/nobody', { retirement })).toMatchObject(refusal(404, 'unknown-name'))
  })

  test('nothing of its devices is kept, unless the account lists them under another name', async () => {
    await using directory = await TestDirectory.start()
    const alice = await directory.register('alice')
    const alicia = await directory.register('alicia', alice)
    const device = alice.device.id
    const statement = await alice.statement()
    await directory.put(`/v1/users/alice/devices/${device}`, { statement })
    const prekeys = JSON.stringify(prekeyBatch(3))
    await directory.put(`/v1/users/alice/devices/${device}/prekeys`, { upload: await alice.upload(prekeys), prekeys })

    await directory.delete('/v1/users/alice', { retirement: await alice.retirement() })
    expect((await directory.user('alicia')).devices).toEqual([statement])
    expect(await directory.get(`/v1/users/alicia/devices/${device}/prekeys`)).toMatchObject({ body: { oneTime: 3 } })

    await directory.delete('/v1/users/alicia', { retirement: await alicia.retirement() })
    await directory.publish(alice, { seq: 3 })
    expect((await directory.user('alice')).devices).toEqual([])
    expect(await directory.get(`/v1/users/alice/devices/${device}/prekeys`)).toMatchObject({ body: { oneTime: 0 } })
  })
})
