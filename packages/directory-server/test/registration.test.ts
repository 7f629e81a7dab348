import { audienceOf, digestOf } from '@parley/shared/hashes.ts'
import { AccountKey, DirectoryKey } from '@parley/shared/ids.ts'
import { generateKeyPair } from '@parley/shared/keys.ts'
import { describe, expect, test } from 'vitest'
import { Device } from './support/people.ts'
import { refusal, shareDirectory, TestDirectory } from './support/test-directory.ts'

const DAY_MS = 24 * 60 * 60 * 1000

/** For what is refused whoever is there. */
const shared = shareDirectory()

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

    const newer = await directory.put('/v1/users/alice', { record })
    const again = await directory.put('/v1/users/alice', { record })

    expect(newer).toMatchObject({ status: 200, body: { record, logIndex: 1 } })
    expect(again).toMatchObject({ status: 200, body: newer.body })
  })

  test('one account may hold several names', async () => {
    await using directory = await TestDirectory.start()
    const alice = await directory.register('alice')
    const alicia = await directory.register('alicia', alice)

    expect(await directory.user('alicia')).toMatchObject({ accountId: alice.accountId, logIndex: 1 })
    expect(alicia.accountId).toBe(alice.accountId)
  })

  test.each(['admin', 'postmaster', 'everyone', 'parley'])('nobody can register the name %s', async (name) => {
    const directory = shared()
    const record = await directory.person(name).record()

    expect(await directory.put(`/v1/users/${name}`, { record })).toMatchObject(refusal(409, 'name-reserved'))
    expect(await directory.get(`/v1/users/${name}`)).toMatchObject(refusal(404, 'unknown-name'))
  })

  test('a name that another account holds is refused', async () => {
    await using directory = await TestDirectory.start()
    await directory.register('alice')
    const record = await directory.person('alice').record()

    expect(await directory.put('/v1/users/alice', { record })).toMatchObject(refusal(409, 'name-taken'))
  })

  test('an older record of the same account is refused with the number in force', async () => {
    await using directory = await TestDirectory.start()
    const alice = directory.person('alice')
    const first = await alice.record()
    await directory.put('/v1/users/alice', { record: first })
    alice.accepted(first)
    await directory.publish(alice, { seq: 7 })
    const stale = refusal(409, 'stale-seq', { current: 7 })

    expect(await directory.put('/v1/users/alice', { record: first })).toMatchObject(stale)
    expect(await directory.put('/v1/users/alice', { record: await alice.record({ seq: 7 }) })).toMatchObject(stale)
    expect(await directory.put('/v1/users/alice', { record: await alice.record() })).toMatchObject({ status: 200 })
  })

  test('a record that does not name the one before it is refused', async () => {
    await using directory = await TestDirectory.start()
    const alice = await directory.register('alice')
    const bob = directory.person('bob')
    const wrongPrev = refusal(409, 'wrong-prev')

    for (const prev of [null, digestOf('another')]) {
      const record = await alice.record({ prev })
      expect(await directory.put('/v1/users/alice', { record })).toMatchObject(wrongPrev)
    }
    const record = await bob.record({ prev: digestOf('something') })
    expect(await directory.put('/v1/users/bob', { record })).toMatchObject(wrongPrev)
  })

  test('a record for another directory is refused, so that nobody is moved without wanting it', async () => {
    await using here = await TestDirectory.start()
    await using there = await TestDirectory.start()
    const record = await there.person('alice').record()

    expect(await here.put('/v1/users/alice', { record })).toMatchObject(refusal(400, 'wrong-audience'))
    expect(await there.put('/v1/users/alice', { record })).toMatchObject({ status: 201 })
  })

  test('a record is refused under another name than its own', async () => {
    await using directory = await TestDirectory.start()
    const record = await directory.person('alice').record()

    expect(await directory.put('/v1/users/bob', { record })).toMatchObject(refusal(400, 'wrong-name'))
  })

  test('a record that another key signed, or that was altered, is refused', async () => {
    await using directory = await TestDirectory.start()
    const alice = directory.person('alice')
    const byAnother = await alice.record({}, generateKeyPair(AccountKey).privateKey)
    const [header, , signature] = (await alice.record()).split('.')
    const [, payload] = (await alice.record({ displayName: 'Mallory' })).split('.')
    const badSignature = refusal(401, 'bad-signature')

    expect(await directory.put('/v1/users/alice', { record: byAnother })).toMatchObject(badSignature)
    const altered = `${header}.${payload}.${signature}`
    expect(await directory.put('/v1/users/alice', { record: altered })).toMatchObject(badSignature)
  })

  test('a record whose account key does not belong to its accountId is refused', async () => {
    await using directory = await TestDirectory.start()
    const alice = directory.person('alice')
    const record = await alice.record({ accountId: directory.person('mallory').accountId })

    expect(await directory.put('/v1/users/alice', { record })).toMatchObject(refusal(400, 'bad-rotation'))
  })

  test('a record with the device certificate of another account, or with a device twice, is refused', async () => {
    await using directory = await TestDirectory.start()
    const alice = directory.person('alice')
    const bob = directory.person('bob')
    const own = await alice.certificate(alice.device)
    const foreign = await bob.certificate(bob.device)

    for (const devices of [[foreign], [own, own]]) {
      const record = await alice.record({ devices })
      expect(await directory.put('/v1/users/alice', { record })).toMatchObject(refusal(400, 'bad-certificate'))
    }
  })

  test('a signed object of another kind is refused, and so is what is no signed object', async () => {
    await using directory = await TestDirectory.start()
    const alice = directory.person('alice')
    const put = (record: string) => directory.put('/v1/users/alice', { record })
    const header = Buffer.from('{"alg":"none","typ":"parley-record+jws"}').toString('base64url')
    const [, payload, signature] = (await alice.record()).split('.')

    expect(await put(await alice.statement())).toMatchObject(refusal(400, 'wrong-kind'))
    expect(await put('a.b.c')).toMatchObject(refusal(400, 'malformed'))
    expect(await put(`${header}.${payload}.${signature}`)).toMatchObject(refusal(400, 'malformed'))
    expect(await put('not a JWS')).toMatchObject(refusal(400, 'bad-json'))
  })

  test("the directory's clock decides whether a record has expired or promises too much", async () => {
    const today = Date.UTC(2030, 0, 1)
    await using directory = await TestDirectory.start({ now: () => today })
    const alice = directory.person('alice')
    const put = async (expiresAt: number) => {
      return directory.put('/v1/users/alice', { record: await alice.record({ expiresAt }) })
    }

    expect(await put(today)).toMatchObject(refusal(400, 'expired'))
    expect(await put(today + 366 * DAY_MS)).toMatchObject(refusal(400, 'malformed'))
    expect(await put(today + 1)).toMatchObject({ status: 201 })
  })

  test('an expired record still holds its name, is still served, and can be followed', async () => {
    let today = Date.UTC(2030, 0, 1)
    await using directory = await TestDirectory.start({ now: () => today })
    const alice = await directory.register('alice')
    today += 400 * DAY_MS
    const theft = await directory.person('alice').record()
    const statement = await alice.statement()
    const path = `/v1/users/alice/devices/${alice.device.id}`

    expect(await directory.put('/v1/users/alice', { record: theft })).toMatchObject(refusal(409, 'name-taken'))
    expect(await directory.user('alice')).toMatchObject({ accountId: alice.accountId })
    expect(await directory.put(path, { statement })).toMatchObject(refusal(400, 'expired'))
    await directory.publish(alice)
    expect(await directory.put(path, { statement })).toMatchObject({ status: 201 })
  })

  test.each([
    ['Alice', 'alice'],
    ['ALICE', 'alice'],
    ['%20alice', 'alice'],
  ])('the name %s is refused with the spelling that would do', async (given, canonical) => {
    const directory = shared()

    expect(await directory.get(`/v1/users/${given}`)).toMatchObject(
      refusal(400, 'bad-name', { detail: expect.stringContaining(canonical) }),
    )
  })

  test.each(['-alice', 'alice.', 'al%2Fice', 'ålice', 'a'.repeat(33), 'al%00ice'])(
    'the name %s is refused, whatever is asked of it',
    async (given) => {
      const directory = shared()
      const record = await directory.person('alice').record()

      expect(await directory.get(`/v1/users/${given}`)).toMatchObject(refusal(400, 'bad-name'))
      expect(await directory.put(`/v1/users/${given}`, { record })).toMatchObject(refusal(400, 'bad-name'))
    },
  )

  test('of many successors that race to follow one record exactly one does', async () => {
    await using directory = await TestDirectory.start()
    const alice = await directory.register('alice')
    const records = await Promise.all(
      Array.from({ length: 20 }, (_, index) => alice.record({ displayName: `Alice ${index}` })),
    )

    const answers = await Promise.all(records.map((record) => directory.put('/v1/users/alice', { record })))

    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1)
    expect(answers.filter((answer) => answer.status === 409)).toHaveLength(19)
  })

  test('every accepted record has its own place in the log, without gaps', async () => {
    await using directory = await TestDirectory.start()
    const people = Array.from({ length: 20 }, (_, index) => directory.person(`user${index}`))
    const accepted = await Promise.all(people.map((person) => directory.publish(person)))
    // Refused records must leave no hole behind.
    await Promise.all(
      people.map(async (person) => {
        const record = await directory.person(person.name).record()
        return directory.put(`/v1/users/${person.name}`, { record })
      }),
    )
    const [first] = people
    const next = first && (await directory.publish(first))

    expect(accepted.map((user) => user.logIndex).sort((a, b) => a - b)).toEqual(people.map((_, index) => index))
    expect(next?.logIndex).toBe(20)
  })
})

describe('key rotation', () => {
  test('a new account key is accepted when the old one signed the hand-over', async () => {
    await using directory = await TestDirectory.start()
    const alice = await directory.register('alice')

    await alice.rotate()
    expect(await directory.publish(alice)).toMatchObject({ accountId: alice.accountId })
    await alice.rotate()
    await alice.rotate()
    expect(await directory.publish(alice)).toMatchObject({ accountId: alice.accountId, logIndex: 2 })
  })

  test('a rotated key alone cannot bring the account back, with or without a rotation of its own', async () => {
    await using directory = await TestDirectory.start()
    const alice = await directory.register('alice')
    const thief = alice.withSameKeys()
    await alice.rotate()
    const inForce = await alice.record()
    await directory.put('/v1/users/alice', { record: inForce })
    thief.accepted(inForce, 2)

    const byOldKey = await thief.record()
    await thief.rotate()
    const byOldKeysHeir = await thief.record()

    for (const record of [byOldKey, byOldKeysHeir]) {
      expect(await directory.put('/v1/users/alice', { record })).toMatchObject(refusal(409, 'key-changed'))
    }
    expect(await directory.user('alice')).toMatchObject({ record: inForce })
  })

  test('a chain of rotations that was tampered with is refused', async () => {
    await using directory = await TestDirectory.start()
    const alice = await directory.register('alice')
    await alice.rotate()
    await alice.rotate()

    const record = await alice.record({ rotations: alice.rotations.slice(1) })

    expect(await directory.put('/v1/users/alice', { record })).toMatchObject(refusal(400, 'bad-rotation'))
  })
})

test('GET /v1 tells the key, the versions, and the limits of the directory', async () => {
  await using directory = await TestDirectory.start()

  const { body } = await directory.get('/v1')

  expect(body).toMatchObject({
    directoryKey: directory.key,
    versions: ['v1'],
    features: expect.arrayContaining(['presence', 'prekeys']),
    limits: expect.objectContaining({ MAX_BODY_BYTES: 16_384 }),
  })
  expect(DirectoryKey.parse(directory.key)).toBe(directory.key)
  expect(directory.person('x').audience).toBe(audienceOf(directory.key))
})

test('a revoked device is no longer served, and its statement is gone for good', async () => {
  await using directory = await TestDirectory.start()
  const alice = directory.person('alice')
  alice.devices.push(new Device())
  const [, lost] = alice.devices
  if (lost === undefined) throw new Error('no second device')
  await directory.publish(alice)
  const statement = await alice.statement({}, lost)
  await directory.put(`/v1/users/alice/devices/${lost.id}`, { statement })
  expect((await directory.user('alice')).devices).toEqual([statement])

  await directory.publish(alice, { revoked: [lost.id] })

  expect((await directory.user('alice')).devices).toEqual([])
  expect(await directory.put(`/v1/users/alice/devices/${lost.id}`, { statement })).toMatchObject(
    refusal(404, 'unknown-device'),
  )
  await directory.publish(alice)
  expect((await directory.user('alice')).devices).toEqual([])
  const replayed = { statement: await alice.statement({ seq: 1 }, lost) }
  expect(await directory.put(`/v1/users/alice/devices/${lost.id}`, replayed)).toMatchObject(
    refusal(409, 'stale-seq', { current: 1 }),
  )
})
