import { ClaimedPrekeys } from '@parley/shared/directory-api/prekeys.ts'
import type { PrekeyBatch } from '@parley/shared/signed/prekeys.ts'
import { describe, expect, test } from 'vitest'
import { type Person, prekeyBatch } from '../test/support/people.ts'
import { DirectoryUnderTest, devicePath, problem } from './support/directory-under-test.ts'

async function upload(directory: DirectoryUnderTest, person: Person, batch: PrekeyBatch) {
  const prekeys = JSON.stringify(batch)
  return await directory.request
    .put(`${devicePath(person)}/prekeys`)
    .send({ upload: await person.upload(prekeys), prekeys })
}

async function claim(directory: DirectoryUnderTest, by: Person, from: Person, n?: number) {
  const signed = await by.claim(from.device.id, n === undefined ? {} : { n })
  return await directory.request.post(`${devicePath(from)}/prekeys/claim`).send({ claim: signed })
}

describe('prekeys', () => {
  test('each one-time pair is handed out once, and then the last-resort key always answers', async () => {
    const directory = await DirectoryUnderTest.visit()
    const alice = await directory.register()
    const bob = await directory.register()
    const batch = prekeyBatch(2)
    expect(await upload(directory, alice, batch)).toMatchObject({ status: 200, body: { oneTime: 2 } })

    const common = { v: 1, registrationId: batch.registrationId, signed: batch.signed }
    for (const { curve, kyber } of batch.oneTime) {
      expect((await claim(directory, bob, alice)).body).toEqual({ bundle: { ...common, curve, kyber } })
    }
    for (let again = 0; again < 3; again++) {
      expect((await claim(directory, bob, alice)).body).toEqual({ bundle: { ...common, kyber: batch.lastResort } })
    }
    expect((await directory.request.get(`${devicePath(alice)}/prekeys`)).body).toEqual({ oneTime: 0 })
  })

  test('claims of many at once never get the same pair', async () => {
    const directory = await DirectoryUnderTest.visit()
    const alice = await directory.register()
    const claimants = await Promise.all(Array.from({ length: 20 }, () => directory.register()))
    await upload(directory, alice, prekeyBatch(15))

    const answers = await Promise.all(claimants.map((bob) => claim(directory, bob, alice)))

    const bundles = answers.map(({ body }) => ClaimedPrekeys.parse(body).bundle)
    const taken = bundles.flatMap(({ curve }) => curve?.id ?? [])
    expect(taken.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 15 }, (_, index) => index + 1))
  })

  test('a claim or an upload that is replayed takes and adds nothing', async () => {
    const directory = await DirectoryUnderTest.visit()
    const alice = await directory.register()
    const bob = await directory.register()
    const prekeys = JSON.stringify(prekeyBatch(3))
    const uploaded = { upload: await alice.upload(prekeys), prekeys }
    const path = `${devicePath(alice)}/prekeys`
    for (let time = 0; time < 2; time++) {
      expect(await directory.request.put(path).send(uploaded)).toMatchObject({ status: 200, body: { oneTime: 3 } })
    }
    const body = { claim: await bob.claim(alice.device.id, { n: 9 }) }
    await directory.request.post(`${path}/claim`).send(body).expect(200)

    expect(await directory.request.post(`${path}/claim`).send(body)).toMatchObject(
      problem(409, 'stale-seq', { current: 9 }),
    )
    expect((await directory.request.get(path)).body).toEqual({ oneTime: 2 })
  })

  test('are handed out only to devices of registered accounts, and taken only from their own device', async () => {
    const directory = await DirectoryUnderTest.visit()
    const alice = await directory.register()
    const bob = await directory.register()
    const stranger = await directory.person()
    await upload(directory, alice, prekeyBatch(1))

    expect(await claim(directory, stranger, alice)).toMatchObject(problem(401, 'not-a-user'))
    expect(await claim(directory, alice, bob)).toMatchObject(problem(404, 'no-prekeys'))
    const prekeys = JSON.stringify(prekeyBatch(1, 5))
    const foreign = { upload: await bob.upload(prekeys), prekeys }
    const { status } = await directory.request.put(`${devicePath(alice)}/prekeys`).send(foreign)
    expect(status).toBeGreaterThanOrEqual(400)
    const other = { upload: await alice.upload(prekeys), prekeys: JSON.stringify(prekeyBatch(1, 6)) }
    expect(await directory.request.put(`${devicePath(alice)}/prekeys`).send(other)).toMatchObject(
      problem(400, 'bad-prekeys'),
    )
    expect((await directory.request.get(`${devicePath(alice)}/prekeys`)).body).toEqual({ oneTime: 1 })
  })
})
