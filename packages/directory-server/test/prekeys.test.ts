import { ClaimedPrekeys } from '@parley/shared/directory-api/prekeys.ts'
import { Name } from '@parley/shared/ids.ts'
import { MAX_ONE_TIME_PREKEYS } from '@parley/shared/limits.ts'
import type { PrekeyBatch } from '@parley/shared/signed/prekeys.ts'
import { describe, expect, test } from 'vitest'
import { Device, type Person, prekeyBatch } from './support/people.ts'
import { refusal, TestDirectory } from './support/test-directory.ts'

function pathOf(person: Person): string {
  return `/v1/users/${person.name}/devices/${person.device.id}/prekeys`
}

async function upload(directory: TestDirectory, person: Person, batch: PrekeyBatch) {
  const prekeys = JSON.stringify(batch)
  return directory.put(pathOf(person), { upload: await person.upload(prekeys), prekeys })
}

async function claim(directory: TestDirectory, by: Person, from: Person) {
  return directory.post(`${pathOf(from)}/claim`, { claim: await by.claim(from.device.id) })
}

describe('prekeys', () => {
  test('one-time pairs are handed out once each, oldest first, and then the last-resort key for ever', async () => {
    await using directory = await TestDirectory.start()
    const alice = await directory.register('alice')
    const bob = await directory.register('bob')
    const batch = prekeyBatch(2)
    expect(await upload(directory, alice, batch)).toMatchObject({ status: 200, body: { oneTime: 2 } })

    const common = { v: 1, registrationId: batch.registrationId, signed: batch.signed }
    for (const { curve, kyber } of batch.oneTime) {
      expect(await claim(directory, bob, alice)).toMatchObject({
        status: 200,
        body: { bundle: { ...common, curve, kyber } },
      })
    }
    for (let again = 0; again < 3; again++) {
      const { body } = await claim(directory, bob, alice)
      expect(body).toEqual({ bundle: { ...common, kyber: batch.lastResort } })
    }
    expect(await directory.get(pathOf(alice))).toMatchObject({ status: 200, body: { oneTime: 0 } })
  })

  test('an upload adds one-time pairs and replaces the lasting keys', async () => {
    await using directory = await TestDirectory.start()
    const alice = await directory.register('alice')
    const bob = await directory.register('bob')
    await upload(directory, alice, prekeyBatch(1, 1))
    const newer = prekeyBatch(1, 2)

    expect(await upload(directory, alice, newer)).toMatchObject({ body: { oneTime: 2 } })
    const bundle = ClaimedPrekeys.parse((await claim(directory, bob, alice)).body).bundle
    expect(bundle).toMatchObject({ signed: newer.signed, curve: { id: 1 } })
  })

  test('parallel claims never get the same pair, and none is lost', async () => {
    await using directory = await TestDirectory.start()
    const alice = await directory.register('alice')
    const claimants = await Promise.all(Array.from({ length: 8 }, (_, index) => directory.register(`bob${index}`)))
    await upload(directory, alice, prekeyBatch(60))

    // Ten claims of each claimant at once; those that arrive out of order are refused and take nothing.
    const answers = await Promise.all(
      claimants.flatMap((bob) => Array.from({ length: 10 }, () => claim(directory, bob, alice))),
    )

    const taken = answers
      .filter((answer) => answer.status === 200)
      .flatMap(({ body }) => ClaimedPrekeys.parse(body).bundle.curve?.id ?? [])
    expect(new Set(taken).size).toBe(taken.length)
    const { body } = await directory.get(pathOf(alice))
    expect(body).toEqual({ oneTime: 60 - taken.length })
    expect(taken.length).toBeGreaterThanOrEqual(claimants.length)
  })

  test('the same upload again is not an error, and adds nothing', async () => {
    await using directory = await TestDirectory.start()
    const alice = await directory.register('alice')
    const prekeys = JSON.stringify(prekeyBatch(5))
    const body = { upload: await alice.upload(prekeys), prekeys }

    expect(await directory.put(pathOf(alice), body)).toMatchObject({ status: 200, body: { oneTime: 5 } })
    expect(await directory.put(pathOf(alice), body)).toMatchObject({ status: 200, body: { oneTime: 5 } })
  })

  test('the same claim again gets no second pair', async () => {
    await using directory = await TestDirectory.start()
    const alice = await directory.register('alice')
    const bob = await directory.register('bob')
    await upload(directory, alice, prekeyBatch(5))
    const body = { claim: await bob.claim(alice.device.id, { n: 9 }) }

    expect(await directory.post(`${pathOf(alice)}/claim`, body)).toMatchObject({ status: 200 })
    expect(await directory.post(`${pathOf(alice)}/claim`, body)).toMatchObject(
      refusal(409, 'stale-seq', { current: 9 }),
    )
    expect(await directory.get(pathOf(alice))).toMatchObject({ body: { oneTime: 4 } })
  })

  test('a full batch fits into one upload, and more than the maximum is never held', async () => {
    await using directory = await TestDirectory.start()
    const alice = await directory.register('alice')

    expect(await upload(directory, alice, prekeyBatch(MAX_ONE_TIME_PREKEYS))).toMatchObject({
      body: { oneTime: MAX_ONE_TIME_PREKEYS },
    })
    expect(await upload(directory, alice, prekeyBatch(1, 2000))).toMatchObject(refusal(400, 'bad-prekeys'))
    expect(await upload(directory, alice, prekeyBatch(0))).toMatchObject({ body: { oneTime: MAX_ONE_TIME_PREKEYS } })
  })

  test('an id that is held already, or that occurs twice, is refused', async () => {
    await using directory = await TestDirectory.start()
    const alice = await directory.register('alice')
    await upload(directory, alice, prekeyBatch(3, 10))
    const twice = prekeyBatch(1, 50)

    expect(await upload(directory, alice, prekeyBatch(3, 12))).toMatchObject(refusal(400, 'bad-prekeys'))
    expect(await upload(directory, alice, { ...twice, oneTime: [...twice.oneTime, ...twice.oneTime] })).toMatchObject(
      refusal(400, 'bad-prekeys'),
    )
    expect(await directory.get(pathOf(alice))).toMatchObject({ body: { oneTime: 3 } })
  })

  test('prekeys that are not what was signed, or not prekeys, are refused', async () => {
    await using directory = await TestDirectory.start()
    const alice = await directory.register('alice')
    const signed = await alice.upload(JSON.stringify(prekeyBatch(1)))
    const bad = refusal(400, 'bad-prekeys')

    expect(
      await directory.put(pathOf(alice), { upload: signed, prekeys: JSON.stringify(prekeyBatch(1)) }),
    ).toMatchObject(bad)
    for (const prekeys of ['', 'null', '[', '{"v":1}', JSON.stringify({ ...prekeyBatch(0), extra: 1 })]) {
      const body = { upload: await alice.upload(prekeys), prekeys }
      expect(await directory.put(pathOf(alice), body)).toMatchObject(bad)
    }
  })

  test('an upload is refused for another name or device than it says, and when its number does not rise', async () => {
    await using directory = await TestDirectory.start()
    const alice = await directory.register('alice')
    const bob = await directory.register('bob')
    const prekeys = JSON.stringify(prekeyBatch(1))
    const unlisted = new Device()

    const forBob = { upload: await alice.upload(prekeys, { name: Name.parse('bob') }), prekeys }
    expect(await directory.put(pathOf(alice), forBob)).toMatchObject(refusal(400, 'wrong-name'))
    expect(await directory.put(pathOf(bob), forBob)).toMatchObject(refusal(400, 'bad-request'))
    const byUnlisted = { upload: await alice.upload(prekeys, {}, unlisted), prekeys }
    expect(await directory.put(`/v1/users/alice/devices/${unlisted.id}/prekeys`, byUnlisted)).toMatchObject(
      refusal(404, 'unknown-device'),
    )
    await directory.put(pathOf(alice), { upload: await alice.upload(prekeys, { n: 5 }), prekeys })
    const older = JSON.stringify(prekeyBatch(1, 7))
    expect(
      await directory.put(pathOf(alice), { upload: await alice.upload(older, { n: 4 }), prekeys: older }),
    ).toMatchObject(refusal(409, 'stale-seq', { current: 5 }))
  })

  test('only a device of a registered account may claim, for the device it names', async () => {
    await using directory = await TestDirectory.start()
    await using other = await TestDirectory.start()
    const alice = await directory.register('alice')
    const bob = await directory.register('bob')
    const stranger = directory.person('stranger')
    await upload(directory, alice, prekeyBatch(3))
    const post = async (proof: Promise<string>) => {
      return directory.post(`${pathOf(alice)}/claim`, { claim: await proof })
    }

    expect(await post(stranger.claim(alice.device.id))).toMatchObject(refusal(401, 'not-a-user'))
    expect(await post(bob.claim(alice.device.id, {}, new Device()))).toMatchObject(refusal(401, 'not-a-user'))
    expect(await post(bob.claim(bob.device.id))).toMatchObject(refusal(400, 'bad-request'))
    expect(await post(bob.claim(alice.device.id, { aud: other.person('x').audience }))).toMatchObject(
      refusal(400, 'wrong-audience'),
    )
    expect(await post(bob.presenceProof('A'.repeat(22)))).toMatchObject(refusal(400, 'wrong-kind'))
    expect(await directory.get(pathOf(alice))).toMatchObject({ body: { oneTime: 3 } })
  })

  test('a device without prekeys says so', async () => {
    await using directory = await TestDirectory.start()
    const alice = await directory.register('alice')
    const bob = await directory.register('bob')
    const nobody = directory.person('nobody')

    expect(await claim(directory, bob, alice)).toMatchObject(refusal(404, 'no-prekeys'))
    expect(await directory.get(pathOf(alice))).toMatchObject({ body: { oneTime: 0 } })
    expect(await claim(directory, bob, nobody)).toMatchObject(refusal(404, 'unknown-name'))
    expect(await directory.get(pathOf(nobody))).toMatchObject(refusal(404, 'unknown-name'))
    const unlisted = `/v1/users/alice/devices/${bob.device.id}/prekeys`
    expect(await directory.get(unlisted)).toMatchObject(refusal(404, 'unknown-device'))
    expect(await directory.post(`${unlisted}/claim`, { claim: await bob.claim(bob.device.id) })).toMatchObject(
      refusal(404, 'unknown-device'),
    )
  })
})
