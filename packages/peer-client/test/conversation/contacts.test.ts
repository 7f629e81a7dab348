import { accountIdOf, audienceOf } from '@parley/shared/hashes.ts'
import { AccountId, AccountKey, DeviceKey, DirectoryKey, Name } from '@parley/shared/ids.ts'
import { generateKeyPair, type KeyPair } from '@parley/shared/keys.ts'
import { MAX_HELLO_ROTATIONS, MAX_KNOWN_DEVICES, MAX_ROTATIONS, MAX_STRANGERS } from '@parley/shared/limits.ts'
import { signAccountRecord, verifyAccountRecord } from '@parley/shared/signed/account-record.ts'
import { signDeviceCertificate, verifyDeviceCertificate } from '@parley/shared/signed/device-certificate.ts'
import type { Jws } from '@parley/shared/signed/jws.ts'
import { signRotation } from '@parley/shared/signed/rotation.ts'
import { describe, expect, test } from 'vitest'
import { FixedPeers } from '#connection/fixed-peers.ts'
import { Keeper } from '#connection/keeper.ts'
import { Contacts } from '#conversation/contacts.ts'
import { Reachability } from '#conversation/reachability.ts'
import { OutboxQuota } from '#delivery/outbox-quota.ts'
import type { VerifiedUser } from '#directory/verified-user.ts'
import { openStore, type Store } from '#store/store.ts'
import { world } from '../connection/world.ts'

const AUD = audienceOf(generateKeyPair(DirectoryKey).publicKey)
const SIGNAL_IDENTITY = `B${'A'.repeat(43)}`

/** Somebody with keys, as the directory and the wire show them. */
class Somebody {
  readonly name: Name
  account: KeyPair<AccountKey> = generateKeyPair(AccountKey)
  readonly accountId: AccountId = accountIdOf(this.account.publicKey)
  readonly device = generateKeyPair(DeviceKey)
  rotations: Jws[] = []

  constructor(name: string) {
    this.name = Name.parse(name)
  }

  async rotate(): Promise<void> {
    const next = generateKeyPair(AccountKey)
    const rotation = { accountId: this.accountId, from: this.account.publicKey, to: next.publicKey }
    this.rotations = [...this.rotations, await signRotation(rotation, this.account.privateKey)]
    this.account = next
  }

  /** The same person as he was before some rotation. */
  copy(): Somebody {
    return Object.assign(new Somebody(this.name), {
      account: this.account,
      accountId: this.accountId,
      device: this.device,
      rotations: this.rotations,
    })
  }

  certificate(accountKey = this.account): Promise<Jws> {
    return signDeviceCertificate(
      {
        accountId: this.accountId,
        accountKey: accountKey.publicKey,
        deviceKey: this.device.publicKey,
        signalIdentity: SIGNAL_IDENTITY,
        issuedAt: 0,
      },
      accountKey.privateKey,
    )
  }

  async user(
    revoked: DeviceKey[] = [],
    { seq = 1, displayName = this.name }: { seq?: number; displayName?: string } = {},
  ): Promise<VerifiedUser> {
    const { accountId, account, rotations, name } = this
    const record = {
      aud: AUD,
      accountId,
      accountKey: account.publicKey,
      rotations,
      name,
      displayName,
      profile: {},
      devices: [await this.certificate()],
      revoked,
      seq,
      prev: null,
      issuedAt: 0,
      expiresAt: 1,
    }
    const verified = await verifyAccountRecord(await signAccountRecord(record, account.privateKey), AUD)
    return {
      account: verified,
      statements: [],
      observed: { status: 'online', lastSeen: undefined, address: undefined, logIndex: 0, isExpired: false },
    }
  }

  async newcomer(certificate?: Jws): Promise<Parameters<Contacts['admit']>[0]> {
    const certificateJws = certificate ?? (await this.certificate())
    return {
      device: this.device.publicKey,
      certificate: await verifyDeviceCertificate(certificateJws),
      hello: {
        deviceCertificate: certificateJws,
        rotations: this.rotations.slice(-MAX_HELLO_ROTATIONS),
        name: this.name,
      },
    }
  }
}

function setUp(): { contacts: Contacts; store: Store; me: Somebody; holds: AccountId[]; news: string[] } {
  const news: string[] = []
  const me = new Somebody('me')
  const store = openStore(':memory:', (error) => {
    throw error
  })
  const holds: AccountId[] = []
  const contacts = new Contacts({
    store,
    me: () => ({ account: me.accountId, accountKey: me.account.publicKey, formerKeys: new Set() }),
    now: () => 1,
    isBlacklisted: () => false,
    onChange: () => undefined,
    onHold: (account) => holds.push(account),
    onNews: ({ kind }) => news.push(kind),
  })
  return { contacts, store, me, holds, news }
}

describe('somebody looked up', () => {
  test('is pinned on first use, with every device that the record certifies', async () => {
    const { contacts, store } = setUp()
    const bob = new Somebody('bob')
    expect(await contacts.adopt(AUD, await bob.user())).toEqual({ account: bob.accountId, isKeyChanged: false })
    await contacts.accept(bob.accountId)
    expect(contacts.byName(AUD, bob.name)).toBe(bob.accountId)
    expect(contacts.label(bob.accountId)).toEqual({ name: 'bob', isVerified: true })
    expect(store.devices.ofAccount(bob.accountId)).toHaveLength(1)
    expect(contacts.mayServe(bob.accountId)).toBe(true)
  })

  test('under a name that was pinned to another account is not believed: nothing more is sealed for the one who was pinned', async () => {
    const { contacts } = setUp()
    const bob = new Somebody('bob')
    await contacts.adopt(AUD, await bob.user())
    await contacts.accept(bob.accountId)
    const mallory = new Somebody('bob')
    expect(await contacts.adopt(AUD, await mallory.user())).toEqual({ account: bob.accountId, isKeyChanged: true })
    expect(contacts.byName(AUD, bob.name)).toBe(bob.accountId)
    expect(contacts.mayServe(bob.accountId)).toBe(false)
    expect(contacts.get(mallory.accountId)).toBeUndefined()
    expect(contacts.get(bob.accountId)).toMatchObject({
      accountKey: bob.account.publicKey,
      offeredKey: mallory.account.publicKey,
    })
  })

  test('under a new name is who they were under the old one, and the old one goes on to mean them', async () => {
    const { contacts, store, holds } = setUp()
    const bob = new Somebody('bob')
    await contacts.adopt(AUD, await bob.user())
    await contacts.accept(bob.accountId)
    const robert = Object.assign(bob.copy(), { name: Name.parse('robert') })

    await contacts.adopt(AUD, await robert.user(), [bob.name])

    expect(contacts.label(bob.accountId)).toEqual({ name: 'robert', isVerified: true })
    for (const name of [bob.name, robert.name]) expect(contacts.byName(AUD, name)).toBe(bob.accountId)
    // Whoever takes the free name is somebody else, and nothing of it concerns Bob.
    const next = new Somebody('bob')
    expect(await contacts.adopt(AUD, await next.user())).toEqual({ account: bob.accountId, isKeyChanged: false })
    expect(contacts.mayServe(bob.accountId)).toBe(true)
    expect(holds).toEqual([])
    expect(store.contacts.get(next.accountId)).toBeUndefined()
    // With his old name back he is called by it again.
    await contacts.adopt(AUD, await bob.user(), [robert.name])
    expect(contacts.label(bob.accountId)).toEqual({ name: 'bob', isVerified: true })
  })

  test('who says to have been somebody I know as another account is not taken in', async () => {
    const { contacts } = setUp()
    const bob = new Somebody('bob')
    await contacts.adopt(AUD, await bob.user())
    await contacts.accept(bob.accountId)
    const mallory = new Somebody('mallory')

    await contacts.adopt(AUD, await mallory.user(), [bob.name])

    expect(contacts.byName(AUD, bob.name)).toBe(bob.accountId)
    expect(contacts.get(mallory.accountId)).toBeUndefined()
    expect(contacts.mayServe(bob.accountId)).toBe(true)
  })

  test('who is the pinned one again is served again; a second chain of keys is not forgotten so easily', async () => {
    const { contacts, holds } = setUp()
    const bob = new Somebody('bob')
    await contacts.adopt(AUD, await bob.user())
    await contacts.accept(bob.accountId)
    await contacts.adopt(AUD, await new Somebody('bob').user())
    expect(holds).toEqual([bob.accountId])
    expect(await contacts.adopt(AUD, await bob.user())).toEqual({ account: bob.accountId, isKeyChanged: false })
    expect(holds).toEqual([bob.accountId, bob.accountId])
    expect(contacts.mayServe(bob.accountId)).toBe(true)
    const thief = bob.copy()
    await bob.rotate()
    await thief.rotate()
    await contacts.adopt(AUD, await bob.user())
    await contacts.adopt(AUD, await thief.user())
    expect((await contacts.adopt(AUD, await bob.user())).isKeyChanged).toBe(true)
  })

  test('with a key that the pinned one signed over to is followed, over several steps too', async () => {
    const { contacts, store } = setUp()
    const bob = new Somebody('bob')
    await contacts.adopt(AUD, await bob.user())
    await bob.rotate()
    await bob.rotate()
    expect(await contacts.adopt(AUD, await bob.user())).toEqual({ account: bob.accountId, isKeyChanged: false })
    expect(contacts.get(bob.accountId)?.accountKey).toBe(bob.account.publicKey)
    expect(store.events.after(0, 10).map(({ kind }) => kind)).toContain('key-rotated')
  })

  test('whose chain of keys leaves the pinned one aside is a changed key', async () => {
    const { contacts, holds, news } = setUp()
    const bob = new Somebody('bob')
    const thief = bob.copy()
    await bob.rotate()
    await contacts.adopt(AUD, await bob.user())
    await thief.rotate()
    expect((await contacts.adopt(AUD, await thief.user())).isKeyChanged).toBe(true)
    expect(contacts.get(bob.accountId)?.accountKey).toBe(bob.account.publicKey)
    expect(holds).toEqual([bob.accountId])
    expect(news).toEqual(['key-changed'])
  })

  test('an older record of the same chain changes nothing, and holds nothing up', async () => {
    const { contacts, holds, news } = setUp()
    const bob = new Somebody('bob')
    const before = bob.copy()
    await bob.rotate()
    await contacts.adopt(AUD, await bob.user([], { seq: 7, displayName: 'Bob the second' }))
    await contacts.accept(bob.accountId)
    const late = bob.copy()
    for (const stale of [before.user([], { seq: 3 }), before.user([], { seq: 9 }), late.user([], { seq: 6 })]) {
      expect(await contacts.adopt(AUD, await stale)).toEqual({ account: bob.accountId, isKeyChanged: false })
      expect(contacts.get(bob.accountId)).toMatchObject({
        accountKey: bob.account.publicKey,
        displayName: 'Bob the second',
      })
    }
    expect(contacts.mayServe(bob.accountId)).toBe(true)
    expect({ holds, news }).toEqual({ holds: [], news: [] })
    await contacts.adopt(AUD, await bob.user([], { seq: 8, displayName: 'Bob' }))
    expect(contacts.get(bob.accountId)?.displayName).toBe('Bob')
  })

  test('who revoked a device is left alone on it: no session stays, and it is dialled no more', async () => {
    const { contacts, store } = setUp()
    const bob = new Somebody('bob')
    const device = bob.device.publicKey
    const { dialler } = world()
    await using stack = new AsyncDisposableStack()
    const keeper = new Keeper({ dialler, finder: { async *find() {} } })
    stack.defer(() => keeper.stop())
    const closed: string[] = []
    const session = {
      device,
      path: 'direct',
      remoteAddress: undefined,
      openedAt: 0,
      roundTripMs: undefined,
      receivedBytes: 0,
      sentBytes: 0,
      close: (reason: string) => Promise.resolve(closed.push(reason)),
    } as const
    const reachability = new Reachability({
      store,
      contacts,
      keeper,
      fixedPeers: new FixedPeers({ dialler }),
      quota: new OutboxQuota(),
      currentSession: (of) => (of === device ? session : undefined),
    })
    await contacts.adopt(AUD, await bob.user())
    await contacts.accept(bob.accountId)
    reachability.contactChanged(bob.accountId)
    expect(keeper.list()).toMatchObject([{ device }])
    expect(closed).toEqual([])
    await contacts.adopt(AUD, await bob.user([device]))
    reachability.contactChanged(bob.accountId)
    expect(keeper.list()).toEqual([])
    expect(closed).toEqual(['revoked'])
  })

  test('who revoked a device is no longer served on it', async () => {
    const { contacts, store } = setUp()
    const bob = new Somebody('bob')
    await contacts.adopt(AUD, await bob.user())
    await contacts.adopt(AUD, await bob.user([bob.device.publicKey]))
    expect(store.devices.get(bob.device.publicKey)?.state).toBe('revoked')
    expect(await contacts.admit(await bob.newcomer())).toBe('revoked')
  })
})

describe('somebody at the door', () => {
  test('is let in as a stranger, who is not written to until he is accepted', async () => {
    const { contacts } = setUp()
    const bob = new Somebody('bob')
    expect(await contacts.admit(await bob.newcomer())).toBe('admitted')
    expect(contacts.get(bob.accountId)?.state).toBe('stranger')
    expect(contacts.mayServe(bob.accountId)).toBe(false)
    expect(contacts.label(bob.accountId)).toEqual({ name: 'bob', isVerified: false })
  })

  test('is let in, however many came before: the one who has been away for the longest, and left nothing, is forgotten', async () => {
    const { contacts, store } = setUp()
    const [away, compared, bob] = [new Somebody('away'), new Somebody('compared'), new Somebody('bob')]
    for (const one of [away, compared]) await contacts.admit(await one.newcomer())
    const account = () => AccountId.parse(generateKeyPair(AccountKey).publicKey)
    await store.commits.run(() => {
      store.contacts.setVerified(compared.accountId, { key: compared.account.publicKey, at: 1 })
      for (const device of [away, compared]) store.devices.setSeen(device.device.publicKey, 0)
      for (let n = 1; n < MAX_STRANGERS; n += 1) {
        const stranger = { account: account(), accountKey: away.account.publicKey, displayName: 'x', addedAt: 1 }
        store.contacts.insert({ ...stranger, state: 'stranger' })
      }
    })
    expect(contacts.get(away.accountId)?.state).toBe('stranger')
    expect(await contacts.admit(await bob.newcomer())).toBe('admitted')
    expect(contacts.get(away.accountId)).toBeUndefined()
    expect(store.devices.ofAccount(away.accountId)).toEqual([])
    expect(contacts.byName(undefined, away.name)).toBeUndefined()
    expect(store.strangers.count()).toBe(MAX_STRANGERS)
    expect(contacts.get(compared.accountId)?.state).toBe('stranger')
    // He comes again, as if for the first time.
    expect(await contacts.admit(await away.newcomer())).toBe('admitted')
  })

  test('on ever new devices is let in on so many of them', async () => {
    const { contacts, store } = setUp()
    const bob = new Somebody('bob')
    const next = () => Object.assign(bob.copy(), { device: generateKeyPair(DeviceKey) })
    for (let n = 0; n < MAX_KNOWN_DEVICES; n += 1)
      expect(await contacts.admit(await next().newcomer())).toBe('admitted')
    const [known] = store.devices.ofAccount(bob.accountId)
    const more = next()
    expect(await contacts.admit(await more.newcomer())).toBe('too-many-devices')
    await contacts.adopt(AUD, await more.user())
    expect(store.devices.ofAccount(bob.accountId)).toHaveLength(MAX_KNOWN_DEVICES)
    // One that is revoked makes room, also for those that stand beside it in the same record.
    await contacts.adopt(AUD, await more.user(known === undefined ? [] : [known.device], { seq: 2 }))
    expect(store.devices.get(more.device.publicKey)?.state).toBe('active')
    expect(await contacts.admit(await more.newcomer())).toBe('admitted')
  })

  test('who takes a name that another one gave himself before does not get it', async () => {
    const { contacts } = setUp()
    const [first, second] = [new Somebody('bob'), new Somebody('bob')]
    await contacts.admit(await first.newcomer())
    await contacts.admit(await second.newcomer())
    expect(contacts.byName(undefined, first.name)).toBe(first.accountId)
    expect(contacts.label(second.accountId).name).toBe(`bob~${second.accountId.slice(0, 6)}`)
  })

  test('who takes a name that the directory vouches for elsewhere does not get it either', async () => {
    const { contacts } = setUp()
    const [real, forger] = [new Somebody('bob'), new Somebody('bob')]
    await contacts.admit(await forger.newcomer())
    await contacts.adopt(AUD, await real.user())
    expect(contacts.byName(AUD, real.name)).toBe(real.accountId)
    expect(contacts.label(forger.accountId).isVerified).toBe(false)
  })

  test('whose key does not lead to the account he claims is turned away', async () => {
    const { contacts } = setUp()
    const bob = new Somebody('bob')
    await contacts.admit(await bob.newcomer())
    const forged = await bob.certificate(generateKeyPair(AccountKey))
    expect(await contacts.admit(await bob.newcomer(forged))).toBe('unproven')
    expect(contacts.get(bob.accountId)?.offeredKey).toBeNull()
    const unknown = new Somebody('eve')
    expect(await contacts.admit(await unknown.newcomer(await unknown.certificate(generateKeyPair(AccountKey))))).toBe(
      'unproven',
    )
  })

  test('who rotated his key shows the chain and is followed', async () => {
    const { contacts } = setUp()
    const bob = new Somebody('bob')
    await contacts.admit(await bob.newcomer())
    await bob.rotate()
    expect(await contacts.admit(await bob.newcomer())).toBe('admitted')
    expect(contacts.get(bob.accountId)?.accountKey).toBe(bob.account.publicKey)
  })

  test('who rotated more often than a hello can show is followed by whoever knows one of the keys, and by nobody else', async () => {
    const { contacts } = setUp()
    const bob = new Somebody('bob')
    while (bob.rotations.length < MAX_ROTATIONS - MAX_HELLO_ROTATIONS) await bob.rotate()
    await contacts.admit(await bob.newcomer())
    const forgotten = bob.copy()
    while (bob.rotations.length < MAX_ROTATIONS) await bob.rotate()
    expect(await contacts.admit(await bob.newcomer())).toBe('admitted')
    expect(contacts.get(bob.accountId)?.accountKey).toBe(bob.account.publicKey)
    expect(await setUp().contacts.admit(await bob.newcomer())).toBe('unproven')
    // Longer than any record can show.
    await bob.rotate()
    expect(await contacts.admit(await bob.newcomer())).toBe('unproven')
    expect(await contacts.admit(await forgotten.newcomer())).toBe('admitted')
  })

  test('with a key that has signed over to another one: a device that is known goes on, a new one is not let in', async () => {
    const { contacts, store, holds } = setUp()
    const bob = new Somebody('bob')
    const before = bob.copy()
    await contacts.admit(await bob.newcomer())
    await contacts.accept(bob.accountId)
    await bob.rotate()
    await contacts.adopt(AUD, await bob.user())
    expect(await contacts.admit(await before.newcomer())).toBe('admitted')
    expect(store.devices.certificateOf(bob.device.publicKey)).toBe((await bob.user()).account.devices[0]?.jws)
    const thief = Object.assign(new Somebody('bob'), { account: before.account, accountId: before.accountId })
    expect(await contacts.admit(await thief.newcomer())).toBe('key-changed')
    expect(store.devices.get(thief.device.publicKey)).toBeUndefined()
    expect(contacts.mayServe(bob.accountId)).toBe(true)
    expect(holds).toEqual([])
  })
})

describe('a changed key', () => {
  /** Bob, whom I verified, and somebody who stole his first key before he rotated. */
  async function theft() {
    const world = setUp()
    const { contacts, store } = world
    const bob = new Somebody('bob')
    const thief = Object.assign(bob.copy(), { device: generateKeyPair(DeviceKey) })
    await bob.rotate()
    await contacts.adopt(AUD, await bob.user())
    await contacts.accept(bob.accountId)
    store.contacts.setVerified(bob.accountId, { key: bob.account.publicKey, at: 1 })
    contacts.changed(bob.accountId)
    expect(contacts.verification(bob.accountId)).toBe('verified')
    await thief.rotate()
    expect(await contacts.admit(await thief.newcomer())).toBe('key-changed')
    expect(contacts.verification(bob.accountId)).toBe('none')
    return { ...world, bob, thief }
  }

  test('that the user accepts is served from then on; the devices of the old one are put aside, and it is verified no more', async () => {
    const { contacts, store, bob, thief, news } = await theft()
    const other = generateKeyPair(AccountKey).publicKey
    await expect(contacts.keyChanges.acceptChain(bob.accountId, other)).rejects.toMatchObject({ code: 'key-changed' })
    expect(contacts.mayServe(bob.accountId)).toBe(false)

    const aside = await contacts.keyChanges.acceptChain(bob.accountId, thief.account.publicKey)

    expect(aside).toEqual([bob.device.publicKey])
    expect(contacts.mayServe(bob.accountId)).toBe(true)
    expect(contacts.verification(bob.accountId)).toBe('none')
    expect(news).toEqual(['key-changed', 'key-accepted'])
    expect(await contacts.admit(await thief.newcomer())).toBe('admitted')
    // The old key is not let in, and can hold nothing up any more.
    expect(await contacts.admit(await bob.newcomer())).toBe('revoked')
    expect((await contacts.adopt(AUD, await bob.user())).isKeyChanged).toBe(false)
    expect(contacts.mayServe(bob.accountId)).toBe(true)
    // The same device with a certificate by the accepted key is one of his devices again.
    const moved = Object.assign(thief.copy(), { device: bob.device })
    expect(await contacts.admit(await moved.newcomer())).toBe('admitted')
    expect(store.devices.get(bob.device.publicKey)?.state).toBe('active')
  })

  test('that the user refuses is not offered again, and the known key stays verified', async () => {
    const { contacts, bob, thief, holds, news } = await theft()
    await contacts.keyChanges.refuse(bob.accountId, thief.account.publicKey)
    expect(contacts.mayServe(bob.accountId)).toBe(true)
    expect(contacts.verification(bob.accountId)).toBe('verified')
    expect(await contacts.admit(await thief.newcomer())).toBe('key-changed')
    expect((await contacts.adopt(AUD, await thief.user())).isKeyChanged).toBe(false)
    expect(contacts.mayServe(bob.accountId)).toBe(true)
    expect(holds).toHaveLength(2)
    expect(news).toEqual(['key-changed', 'key-refused'])
  })

  test('of a name that is another account now is refused for good too', async () => {
    const { contacts } = setUp()
    const [bob, other] = [new Somebody('bob'), new Somebody('bob')]
    await contacts.adopt(AUD, await bob.user())
    await contacts.accept(bob.accountId)
    await contacts.adopt(AUD, await other.user())
    await contacts.keyChanges.refuse(bob.accountId, other.account.publicKey)
    expect(await contacts.adopt(AUD, await other.user())).toEqual({ account: bob.accountId, isKeyChanged: false })
    expect(contacts.mayServe(bob.accountId)).toBe(true)
  })

  test('that the known one signed keeps what was verified as a note about the earlier key', async () => {
    const { contacts, store, news } = setUp()
    const bob = new Somebody('bob')
    await contacts.adopt(AUD, await bob.user())
    store.contacts.setVerified(bob.accountId, { key: bob.account.publicKey, at: 1 })
    await bob.rotate()
    await contacts.admit(await bob.newcomer())
    expect(contacts.verification(bob.accountId)).toBe('rotated-since')
    expect(news).toEqual(['key-rotated'])
  })
})
