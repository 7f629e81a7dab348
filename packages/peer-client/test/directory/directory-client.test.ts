import { DeviceKey, foldName } from '@parley/shared/ids.ts'
import { generateKeyPair } from '@parley/shared/keys.ts'
import { RECORD_LIFETIME_MS } from '@parley/shared/limits.ts'
import { signDeviceCertificate } from '@parley/shared/signed/device-certificate.ts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { withNewAccountKey } from '#identity/current-identity.ts'
import type { Identity } from '#identity/identity.ts'
import { clientOf } from '../support/clients.ts'
import { fakeSignalIdentity, identityOf } from '../support/identities.ts'
import { fakePrekeys } from '../support/prekeys.ts'
import { type RunningDirectory, startDirectory } from '../support/running-directory.ts'

/** Another device of the same account. */
async function secondDevice(identity: Identity): Promise<Identity> {
  const device = generateKeyPair(DeviceKey)
  const signalIdentity = fakeSignalIdentity()
  const certificate = await signDeviceCertificate(
    {
      accountId: identity.accountId,
      accountKey: identity.account.publicKey,
      deviceKey: device.publicKey,
      signalIdentity: signalIdentity.publicKey,
      issuedAt: Date.now(),
    },
    identity.account.privateKey,
  )
  return { ...identity, device, signalIdentity, certificate }
}

// One for all of them: each test has people of its own.
let directory: RunningDirectory
beforeAll(async () => {
  directory = await startDirectory()
})
afterAll(async () => {
  await directory[Symbol.asyncDispose]()
})

const endpoint = { transport: 'tcp', host: '127.0.0.1', port: 8000 } as const

test('what one publishes the other finds, verified', async () => {
  const [alice, bob] = [await identityOf('Alice'), await identityOf('Bob')]
  using asAlice = clientOf(alice, directory.url)
  using asBob = clientOf(bob, directory.url)
  expect(await asAlice.lookup(bob.name)).toBeUndefined()
  expect(await asBob.publishRecord({ profile: { statusText: 'here' } })).toMatchObject({
    outcome: 'published',
    user: { observed: { status: 'offline', address: '127.0.0.1' } },
  })
  await asBob.publishStatement({ endpoints: [endpoint], features: ['x'] })
  const found = await asAlice.lookup(bob.name)
  expect(found).toMatchObject({
    account: { record: { accountId: bob.accountId, displayName: 'Bob', profile: { statusText: 'here' }, seq: 1 } },
    statements: [{ deviceKey: bob.device.publicKey, endpoints: [endpoint], features: ['x'] }],
    observed: { status: 'offline', address: '127.0.0.1', isExpired: false },
  })
  expect(await asAlice.info()).toMatchObject({ versions: expect.anything() })
})

test('publishing again changes nothing until there is something new to say', async () => {
  const alice = await identityOf('paula')
  using client = clientOf(alice, directory.url)
  expect((await client.publishRecord()).outcome).toBe('published')
  expect((await client.publishRecord()).outcome).toBe('unchanged')
  const again = await client.publishRecord({ profile: { statusText: 'new' } })
  expect(again.outcome).toBe('published')
  expect(again.user.account.record).toMatchObject({ seq: 2, profile: { statusText: 'new' } })
  using later = clientOf(alice, directory.url, { now: () => Date.now() + RECORD_LIFETIME_MS / 2 })
  // Past half of its life a record is renewed; this one would live too long by the clock of the directory.
  await expect(later.publishRecord({ profile: { statusText: 'new' } })).rejects.toMatchObject({
    problem: { code: 'malformed' },
  })
  using renamed = clientOf({ ...alice, displayName: 'Alice B.' }, directory.url)
  expect((await renamed.publishRecord({ profile: { statusText: 'new' } })).user.account.record).toMatchObject({
    seq: 3,
    displayName: 'Alice B.',
  })
})

test('two devices of an account publish at once and both end up in its record', async () => {
  const phone = await identityOf('dora')
  const devices = [phone, await secondDevice(phone), await secondDevice(phone)]
  await Promise.all(
    devices.map(async (identity) => {
      using client = clientOf(identity, directory.url)
      await client.publishRecord()
      await client.publishStatement({ endpoints: [endpoint], features: [] })
    }),
  )
  using client = clientOf(phone, directory.url)
  const found = await client.lookup(phone.name)
  const keys = devices.map(({ device }) => device.publicKey).sort()
  expect(found?.account.devices.map((device) => device.deviceKey).sort()).toEqual(keys)
  expect(found?.statements.map((statement) => statement.deviceKey).sort()).toEqual(keys)
})

test('a name that somebody has is refused by name', async () => {
  using first = clientOf(await identityOf('tom'), directory.url)
  using second = clientOf(await identityOf('tom'), directory.url)
  await first.publishRecord()
  await expect(second.publishRecord()).rejects.toMatchObject({
    name: 'DirectoryError',
    code: 'name-taken',
    isTemporary: false,
  })
})

test('a device whose clock was set back goes on from the numbers that the directory holds', async () => {
  const alice = await identityOf('clara')
  using before = clientOf(alice, directory.url)
  await before.publishRecord()
  await before.publishStatement({ endpoints: [], features: [] })
  await before.uploadPrekeys(fakePrekeys(1, 2))
  await before.claimPrekeys(alice.name, alice.device.publicKey)
  const past = Date.now() - 3 * 24 * 60 * 60 * 1000
  using after = clientOf(alice, directory.url, { now: () => past })
  await after.publishStatement({ endpoints: [endpoint], features: [] })
  await after.publishStatement({ endpoints: [endpoint], features: ['twice'] })
  expect(await after.uploadPrekeys(fakePrekeys(10, 2))).toBe(3)
  expect(await after.claimPrekeys(alice.name, alice.device.publicKey)).toBeDefined()
  expect((await after.lookup(alice.name))?.statements[0]?.features).toEqual(['twice'])
})

test('prekeys are counted, handed out once each, and the last-resort one for ever', async () => {
  const [alice, bob] = [await identityOf('prue'), await identityOf('paul')]
  using asAlice = clientOf(alice, directory.url)
  using asBob = clientOf(bob, directory.url)
  await asBob.publishRecord()
  await expect(asAlice.claimPrekeys(bob.name, bob.device.publicKey)).rejects.toMatchObject({
    problem: { code: 'not-a-user' },
  })
  await asAlice.publishRecord()
  expect(await asAlice.claimPrekeys(bob.name, bob.device.publicKey)).toBeUndefined()
  expect(await asBob.prekeyCount()).toBe(0)
  const batch = fakePrekeys(1, 3)
  expect(await asBob.uploadPrekeys(batch)).toBe(3)
  const claimed = await Promise.all(
    Array.from({ length: 5 }, () => asAlice.claimPrekeys(bob.name, bob.device.publicKey)),
  )
  expect(claimed.map((bundle) => bundle?.curve?.id ?? 0).sort((a, b) => a - b)).toEqual([0, 0, 1, 2, 3])
  expect(claimed.filter((bundle) => bundle?.kyber.publicKey === batch.lastResort.publicKey)).toHaveLength(2)
  expect(await asBob.prekeyCount()).toBe(0)
})

test('listings are paged and can be asked by address and status', async () => {
  await using directory = await startDirectory()
  const names = ['ann', 'ben', 'cleo']
  for (const name of names) {
    using client = clientOf(await identityOf(name), directory.url)
    await client.publishRecord()
  }
  using client = clientOf(await identityOf('reader'), directory.url)
  const first = await client.list({ limit: 2 })
  expect(first.users.map((user) => user.name)).toEqual(['ann', 'ben'])
  const second = await client.list({ limit: 2, cursor: first.next })
  expect(second.users.map((user) => user.name)).toEqual(['cleo'])
  expect(second.next).toBeUndefined()
  expect((await client.list({ status: 'online' })).users).toEqual([])
  expect((await client.lookupByAddress('127.0.0.1')).users.map((user) => user.name)).toEqual(names)
  expect((await client.lookupByAddress('192.0.2.1')).users).toEqual([])
})

test("a name that was given up is nobody's, and stays reserved", async () => {
  const alice = await identityOf('greta')
  using client = clientOf(alice, directory.url)
  expect(await client.retire()).toBe(false)
  await client.publishRecord()
  const movedTo = foldName('alicia')
  expect(await client.retire(movedTo === undefined ? {} : { movedTo })).toBe(true)
  expect(await client.lookup(alice.name)).toBeUndefined()
  using other = clientOf(await identityOf('greta'), directory.url)
  await expect(other.publishRecord()).rejects.toMatchObject({ code: 'name-reserved' })
})

test('a rotated key is taken with the other devices certified anew, and the old one publishes nothing more', async () => {
  const laptop = await identityOf('rita')
  const phone = await secondDevice(laptop)
  using asLaptop = clientOf(laptop, directory.url)
  using asPhone = clientOf(phone, directory.url)
  await asLaptop.publishRecord()
  await asPhone.publishRecord()
  const rotated = await withNewAccountKey(laptop, Date.now())
  using asRotated = clientOf(rotated, directory.url)
  const { user } = await asRotated.publishRecord()
  expect(user.account.keys).toEqual([laptop.account.publicKey, rotated.account.publicKey])
  expect(user.account.devices).toHaveLength(2)
  for (const { device } of [laptop, phone])
    expect(user.account.devices).toContainEqual(
      expect.objectContaining({ deviceKey: device.publicKey, accountKey: rotated.account.publicKey }),
    )
  expect((await asRotated.publishRecord()).outcome).toBe('unchanged')
  await expect(asPhone.publishRecord({ profile: { statusText: 'old' } })).rejects.toMatchObject({ code: 'key-changed' })
  // A directory from an old disk: what follows is above all that anybody saw.
  const next = await asRotated.publishRecord({ profile: { statusText: 'new' }, seqAbove: 9 })
  expect(next.user.account.record.seq).toBe(10)
})

/** The same account under another name. */
function renamed(identity: Identity, name: string): Identity {
  const folded = foldName(name)
  if (folded === undefined) throw new Error(`not a name: ${name}`)
  return { ...identity, name: folded, displayName: name }
}

test('a name that was given up for another one leads to the account under the new one', async () => {
  const alice = await identityOf('nell')
  const [alicia, alix] = [renamed(alice, 'nella'), renamed(alice, 'nelly')]
  using reader = clientOf(await identityOf('reader'), directory.url)
  for (const [from, to] of [
    [alice, alicia],
    [alicia, alix],
  ] as const) {
    using before = clientOf(from, directory.url)
    using after = clientOf(to, directory.url)
    if (from === alice) await before.publishRecord()
    await after.publishRecord()
    await before.retire({ movedTo: to.name })
  }

  expect(await reader.follow(alix.name)).toMatchObject({ movedFrom: [] })
  expect(await reader.follow(alice.name)).toMatchObject({
    user: { account: { record: { accountId: alice.accountId, name: 'nelly' } } },
    movedFrom: ['nell', 'nella'],
  })
  expect(await reader.lookup(alice.name)).toBeUndefined()
  using last = clientOf(alix, directory.url)
  await last.retire()
  expect(await reader.follow(alice.name)).toBeUndefined()
})

test('people are found by what they are called and by what they say', async () => {
  for (const [name, statusText] of [
    ['ann', 'reading'],
    ['Joanna', 'writing'],
  ] as const) {
    using client = clientOf(await identityOf(name), directory.url)
    await client.publishRecord({ profile: { statusText } })
  }
  using client = clientOf(await identityOf('reader'), directory.url)

  expect((await client.search('ann')).map(({ name }) => name)).toEqual(['ann', 'joanna'])
  expect(await client.search('ann', { limit: 1 })).toHaveLength(1)
  expect(await client.search('WRIT')).toMatchObject([{ name: 'joanna', displayName: 'Joanna', statusText: 'writing' }])
  expect(await client.search('%')).toEqual([])
})

test('what is not said anew stays as the account said it before', async () => {
  const alice = await identityOf('susan')
  using client = clientOf(alice, directory.url)
  await client.publishRecord({ profile: { statusText: 'here' }, hidesPresence: true })
  expect(await client.publishRecord()).toMatchObject({
    outcome: 'unchanged',
    user: { observed: { status: 'offline', address: '127.0.0.1' } },
  })
  using other = clientOf(await secondDevice(alice), directory.url)

  const { user } = await other.publishRecord()
  expect(user.account.record).toMatchObject({ seq: 2, profile: { statusText: 'here' }, hidePresence: true })
  expect(user.observed).toMatchObject({ status: 'offline', address: '127.0.0.1' })
  expect((await other.lookup(alice.name))?.observed.address).toBeUndefined()
  const shown = await other.publishRecord({ hidesPresence: false })
  expect(shown.user.account.record).not.toHaveProperty('hidePresence')
})
