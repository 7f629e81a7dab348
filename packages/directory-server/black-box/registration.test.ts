import { digestOf } from '@parley/shared/hashes.ts'
import { AccountKey, Digest } from '@parley/shared/ids.ts'
import { generateKeyPair } from '@parley/shared/keys.ts'
import { describe, expect, test } from 'vitest'
import { Device, Person } from '../test/support/people.ts'
import { DirectoryUnderTest, devicePath, problem, userPath } from './support/directory-under-test.ts'
import { randomName } from './support/guests.ts'

const HOUR_MS = 60 * 60 * 1000

describe('registration', () => {
  test('gives a free name to the first who signs for it, and serves the record as it was signed', async () => {
    const directory = await DirectoryUnderTest.visit()
    const alice = await directory.person()
    const record = await alice.record()
    await directory.request.get(userPath(alice)).expect(404)

    const { status, body } = await directory.request.put(userPath(alice)).send({ record })

    expect({ status, body }).toMatchObject({
      status: 201,
      body: { accountId: alice.accountId, name: alice.name, record, devices: [], status: 'offline' },
    })
    expect(await directory.user(alice)).toEqual(body)
  })

  test('takes the next record of the account, and the same record again changes nothing', async () => {
    const directory = await DirectoryUnderTest.visit()
    const alice = await directory.register()
    const record = await alice.record({ displayName: 'Alice A.', profile: { statusText: 'on the road' } })

    const newer = await directory.request.put(userPath(alice)).send({ record })
    const again = await directory.request.put(userPath(alice)).send({ record })

    expect(newer).toMatchObject({ status: 200, body: { record } })
    expect(again).toMatchObject({ status: 200, body: newer.body })
  })

  test('gives every accepted record a place of its own in the log, in order', async () => {
    const directory = await DirectoryUnderTest.visit()
    const alice = await directory.person()

    const first = await directory.publish(alice)
    const second = await directory.publish(alice)

    expect(second.logIndex).toBeGreaterThan(first.logIndex)
  })

  test('lets one account hold several names', async () => {
    const directory = await DirectoryUnderTest.visit()
    const alice = await directory.register()
    const alicia = await directory.person(randomName(), alice)
    await directory.publish(alicia)

    expect(await directory.user(alicia)).toMatchObject({ accountId: alice.accountId, name: alicia.name })
    expect(await directory.user(alice)).toMatchObject({ accountId: alice.accountId, name: alice.name })
  })

  test('refuses a name that another account holds, and of many who race for one exactly one gets it', async () => {
    const directory = await DirectoryUnderTest.visit()
    const name = randomName()
    const people = await Promise.all(Array.from({ length: 20 }, () => directory.person(name)))
    const records = await Promise.all(people.map((person) => person.record()))

    const answers = await Promise.all(
      records.map((record) => directory.request.put(`/v1/users/${name}`).send({ record })),
    )

    const losers = answers.filter((answer) => answer.status !== 201)
    expect(losers).toHaveLength(19)
    for (const loser of losers) expect(loser).toMatchObject(problem(409, 'name-taken'))
    const winner = records[answers.findIndex((answer) => answer.status === 201)]
    expect((await directory.request.get(`/v1/users/${name}`)).body).toMatchObject({ record: winner })
  })
})

describe('a record is refused', () => {
  test('when it is replayed after a newer one, with the number in force', async () => {
    const directory = await DirectoryUnderTest.visit()
    const alice = await directory.person()
    const old = await alice.record()
    await directory.request.put(userPath(alice)).send({ record: old }).expect(201)
    alice.accepted(old)
    await directory.publish(alice, { seq: 7 })
    const stale = problem(409, 'stale-seq', { current: 7 })

    expect(await directory.request.put(userPath(alice)).send({ record: old })).toMatchObject(stale)
    const same = { record: await alice.record({ seq: 7 }) }
    expect(await directory.request.put(userPath(alice)).send(same)).toMatchObject(stale)
  })

  test('when it does not continue the one in force', async () => {
    const directory = await DirectoryUnderTest.visit()
    const alice = await directory.register()
    const record = await alice.record({ prev: digestOf('another') })

    expect(await directory.request.put(userPath(alice)).send({ record })).toMatchObject(problem(409, 'wrong-prev'))
  })

  test('when it was signed for another directory or for another name', async () => {
    const directory = await DirectoryUnderTest.visit()
    const alice = await directory.person()
    const elsewhere = new Person({ name: alice.name, audience: Digest.parse(digestOf('another directory')) })
    const foreign = { record: await elsewhere.record() }
    const misplaced = { record: await alice.record() }
    const other = `/v1/users/${randomName()}`

    expect(await directory.request.put(userPath(alice)).send(foreign)).toMatchObject(problem(400, 'wrong-audience'))
    expect(await directory.request.put(other).send(misplaced)).toMatchObject(problem(400, 'wrong-name'))
    await directory.request.get(userPath(alice)).expect(404)
    await directory.request.get(other).expect(404)
  })

  test('when another key signed it, or one character of it was changed', async () => {
    const directory = await DirectoryUnderTest.visit()
    const alice = await directory.person()
    const byAnother = await alice.record({}, generateKeyPair(AccountKey).privateKey)
    const [header, , signature] = (await alice.record()).split('.')
    const [, payload] = (await alice.record({ displayName: 'Mallory' })).split('.')

    for (const record of [byAnother, `${header}.${payload}.${signature}`]) {
      expect(await directory.request.put(userPath(alice)).send({ record })).toMatchObject(problem(401, 'bad-signature'))
    }
  })

  test('when its account key does not belong to its account, or a certificate in it to another', async () => {
    const directory = await DirectoryUnderTest.visit()
    const alice = await directory.person()
    const mallory = await directory.person()
    const stolenId = { record: await alice.record({ accountId: mallory.accountId }) }
    const foreignDevice = { record: await alice.record({ devices: [await mallory.certificate(mallory.device)] }) }

    expect(await directory.request.put(userPath(alice)).send(stolenId)).toMatchObject(problem(400, 'bad-rotation'))
    expect(await directory.request.put(userPath(alice)).send(foreignDevice)).toMatchObject(
      problem(400, 'bad-certificate'),
    )
  })

  test('when it is over, or another kind of signed object, or none', async () => {
    const directory = await DirectoryUnderTest.visit()
    const alice = await directory.person()
    const issuedAt = Date.now() - 2 * HOUR_MS
    const over = await alice.record({ issuedAt, expiresAt: issuedAt + HOUR_MS })

    const put = (record: string) => directory.request.put(userPath(alice)).send({ record })
    expect(await put(over)).toMatchObject(problem(400, 'expired'))
    expect(await put(await alice.statement())).toMatchObject(problem(400, 'wrong-kind'))
    expect(await put('a.b.c')).toMatchObject(problem(400, 'malformed'))
    expect(await put('no signed object')).toMatchObject(problem(400, 'bad-json'))
  })
})

describe('an account key', () => {
  test('can be followed by another when the old one signs the hand-over', async () => {
    const directory = await DirectoryUnderTest.visit()
    const alice = await directory.register()

    await directory.rotate(alice)
    await directory.publish(alice)
    await directory.rotate(alice)

    expect(await directory.publish(alice)).toMatchObject({ accountId: alice.accountId })
  })

  test('that was followed brings the account back neither by itself nor by a second follower', async () => {
    const directory = await DirectoryUnderTest.visit()
    const alice = await directory.register()
    const thief = alice.withSameKeys()
    await directory.rotate(alice)
    const inForce = await alice.record()
    await directory.request.put(userPath(alice)).send({ record: inForce }).expect(200)
    thief.accepted(inForce, 2)

    const byOldKey = await thief.record()
    await thief.rotate()
    const byItsHeir = await thief.record()

    for (const record of [byOldKey, byItsHeir]) {
      expect(await directory.request.put(userPath(alice)).send({ record })).toMatchObject(problem(409, 'key-changed'))
    }
    expect(await directory.user(alice)).toMatchObject({ record: inForce })
  })
})

describe('a device statement', () => {
  test('is served as it was signed, the newest of each device', async () => {
    const directory = await DirectoryUnderTest.visit()
    const alice = await directory.person()
    alice.devices.push(new Device())
    await directory.publish(alice)
    const [first, second] = alice.devices
    const put = async (statement: string, device?: Device) =>
      await directory.request.put(devicePath(alice, device)).send({ statement })
    const ofSecond = await alice.statement({}, second)
    await put(await alice.statement({}, first), first)
    await put(ofSecond, second)
    const newer = await alice.statement({ endpoints: [{ transport: 'tcp', host: '::1', port: 9 }] }, first)

    expect(await put(newer, first)).toMatchObject({ status: 200, body: { devices: [newer, ofSecond] } })
    expect(await put(newer, first)).toMatchObject({ status: 200, body: { devices: [newer, ofSecond] } })
  })

  test('is refused when it is replayed, or does not fit its device, account or directory', async () => {
    const directory = await DirectoryUnderTest.visit()
    const alice = await directory.register()
    const bob = await directory.register()
    const old = await alice.statement({ seq: 3 })
    const put = async (statement: string) => await directory.request.put(devicePath(alice)).send({ statement })
    expect(await put(old)).toMatchObject({ status: 201 })
    expect(await put(await alice.statement({ seq: 4 }))).toMatchObject({ status: 200 })

    expect(await put(old)).toMatchObject(problem(409, 'stale-seq', { current: 4 }))
    const elsewhere = await alice.statement({ seq: 9, aud: Digest.parse(digestOf('another directory')) })
    expect(await put(elsewhere)).toMatchObject(problem(400, 'wrong-audience'))
    expect((await put(await bob.statement())).status).toBeGreaterThanOrEqual(400)
    const unlisted = new Device()
    const statement = await alice.statement({}, unlisted)
    expect(await directory.request.put(devicePath(alice, unlisted)).send({ statement })).toMatchObject(
      problem(404, 'unknown-device'),
    )
  })

  test('is gone for good when its device is revoked', async () => {
    const directory = await DirectoryUnderTest.visit()
    const alice = await directory.person()
    const lost = new Device()
    alice.devices.push(lost)
    await directory.publish(alice)
    const statement = await alice.statement({}, lost)
    await directory.request.put(devicePath(alice, lost)).send({ statement }).expect(201)

    await directory.publish(alice, { revoked: [lost.id] })

    expect(await directory.user(alice)).toMatchObject({ devices: [] })
    expect(await directory.request.put(devicePath(alice, lost)).send({ statement })).toMatchObject(
      problem(404, 'unknown-device'),
    )
  })
})
