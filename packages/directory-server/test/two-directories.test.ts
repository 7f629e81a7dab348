import { CLOSE } from '@parley/shared/directory-api/presence.ts'
import { UsersPage } from '@parley/shared/directory-api/users.ts'
import { audienceOf } from '@parley/shared/hashes.ts'
import { expect, test } from 'vitest'
import { type Device, Person, prekeyBatch } from './support/people.ts'
import { PresenceClient } from './support/presence-client.ts'
import { refusal, TestDirectory } from './support/test-directory.ts'

async function accounts(directory: TestDirectory, query = ''): Promise<unknown[]> {
  const { users } = UsersPage.parse((await directory.get(`/v1/users${query}`)).body)
  return users.map(({ name, accountId }) => [name, accountId])
}

function pathOf(device: Device, name = 'alice'): string {
  return `/v1/users/${name}/devices/${device.id}`
}

test('two directories never mix, although the same names are in both', async () => {
  await using here = await TestDirectory.start()
  await using there = await TestDirectory.start()
  const [aliceHere, bobHere] = [await here.register('alice'), await here.register('bob')]
  const [aliceThere, bobThere] = [await there.register('alice'), await there.register('bob')]
  const statement = await aliceHere.statement()
  await here.put(pathOf(aliceHere.device), { statement })
  const prekeys = JSON.stringify(prekeyBatch(2))
  await here.put(`${pathOf(aliceHere.device)}/prekeys`, { upload: await aliceHere.upload(prekeys), prekeys })
  await using visit = await PresenceClient.enter(here.url, aliceHere)
  await using watcher = await PresenceClient.enter(there.url, bobThere)
  watcher.send({ type: 'watch', names: [aliceThere.name] })

  expect(await watcher.next('presence')).toMatchObject({ changes: [{ name: 'alice', status: 'offline' }] })
  expect(await accounts(here)).toEqual([
    ['alice', aliceHere.accountId],
    ['bob', bobHere.accountId],
  ])
  expect(await accounts(there)).toEqual([
    ['alice', aliceThere.accountId],
    ['bob', bobThere.accountId],
  ])
  expect(await accounts(here, '?status=online')).toEqual([['alice', aliceHere.accountId]])
  expect(await accounts(there, '?status=online')).toEqual([['bob', bobThere.accountId]])
  expect((await here.user('alice')).devices).toEqual([statement])
  expect((await there.user('alice')).devices).toEqual([])
  expect(await there.get(`${pathOf(aliceHere.device)}/prekeys`)).toMatchObject(refusal(404, 'unknown-device'))
  const elsewhere = { claim: await bobThere.claim(aliceThere.device.id) }
  expect(await there.post(`${pathOf(aliceThere.device)}/prekeys/claim`, elsewhere)).toMatchObject(
    refusal(404, 'no-prekeys'),
  )

  await here.delete('/v1/users/alice', { retirement: await aliceHere.retirement() })
  expect(await visit.closed).toBe(CLOSE.unauthenticated)
  expect(await there.user('alice')).toMatchObject({ accountId: aliceThere.accountId })

  await Promise.all([here.restart(), there.restart()])
  expect(await accounts(here)).toEqual([['bob', bobHere.accountId]])
  expect(await accounts(there)).toHaveLength(2)
})

test('nothing that was signed for one directory is taken by another, although the account is in both', async () => {
  await using here = await TestDirectory.start()
  await using there = await TestDirectory.start()
  const alice = await here.register('alice')
  const bob = await here.register('bob')
  // The same keys in both: what protects them is what they sign.
  const aliceThere = new Person({ name: 'alice', audience: audienceOf(there.key), account: alice })
  await there.publish(aliceThere)
  const bobThere = new Person({ name: 'bob', audience: audienceOf(there.key), account: bob })
  await there.publish(bobThere)
  const path = pathOf(alice.device)
  const prekeys = JSON.stringify(prekeyBatch(1))
  const wrong = refusal(400, 'wrong-audience')
  const before = await there.user('alice')

  const record = await alice.record()
  expect(await here.put('/v1/users/alice', { record })).toMatchObject({ status: 200 })
  expect(await there.put('/v1/users/alice', { record })).toMatchObject(wrong)
  const statement = await alice.statement()
  expect(await here.put(path, { statement })).toMatchObject({ status: 201 })
  expect(await there.put(path, { statement })).toMatchObject(wrong)
  const upload = await alice.upload(prekeys)
  expect(await here.put(`${path}/prekeys`, { upload, prekeys })).toMatchObject({ status: 200 })
  expect(await there.put(`${path}/prekeys`, { upload, prekeys })).toMatchObject(wrong)
  const claim = await bob.claim(alice.device.id)
  expect(await here.post(`${path}/prekeys/claim`, { claim })).toMatchObject({ status: 200 })
  expect(await there.post(`${path}/prekeys/claim`, { claim })).toMatchObject(wrong)
  await using relayed = await PresenceClient.open(there.url)
  const { nonce } = await relayed.next('challenge')
  relayed.send({ type: 'authenticate', proof: await alice.presenceProof(nonce) })
  expect(await relayed.closed).toBe(CLOSE.unauthenticated)
  alice.accepted(record)
  const retirement = await alice.retirement()
  expect(await here.delete('/v1/users/alice', { retirement })).toMatchObject({ status: 204 })
  expect(await there.delete('/v1/users/alice', { retirement })).toMatchObject(wrong)

  expect(await there.user('alice')).toEqual(before)
})
