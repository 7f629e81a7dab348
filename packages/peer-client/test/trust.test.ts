import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { createPeer, type Peer } from '@parley/peer-client'
import type { MessageView } from '@parley/shared/local-api/messages.ts'
import { plant } from '@parley/shared/planted-faults.ts'
import { expect, test, vi } from 'vitest'
import { Delivery } from '#delivery/delivery.ts'
import { startDirectory } from './support/running-directory.ts'
import { tempDirectory } from './support/temp-directory.ts'

/** A directory, and peers in this process that use it. */
async function town() {
  await using scope = new AsyncDisposableStack()
  const { path } = scope.use(await tempDirectory())
  const directory = scope.use(await startDirectory())
  const all = scope.move()
  const start = async (name: string, profile = name): Promise<Peer> =>
    all.use(createPeer({ name, profile: join(path, profile), directory: directory.url })).start()
  return { path, directory, start, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

/** Resolves once it holds; the time limit is that of the test. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20))
}

const isKeyChanged = (peer: Peer) => peer.peers().some((one) => one.name === 'bob' && one.isKeyChanged)
const texts = ({ messages }: { messages: readonly MessageView[] }) => messages.map(({ text }) => text).toReversed()

/** Alice writes to Bob, who is away; then the directory, which forgot him, gives his name to another. */
async function takenOver({ path, directory, start }: Awaited<ReturnType<typeof town>>) {
  const alice = await start('alice')
  await until(() => alice.directoryState.state === 'online')
  await directory.stop()
  const forgetful = join(path, 'forgetful')
  await cp(directory.dataDir, forgetful, { recursive: true })
  await directory.restart()
  const bob = await start('bob')
  await until(() => bob.directoryState.state === 'online')
  expect(await alice.waitFor((await alice.send('bob', 'Is it you?')).id, 'delivered')).toMatchObject({
    state: 'delivered',
  })
  await bob.stop()
  const before = await alice.send('bob', 'Are you there?')

  await directory.restart(forgetful)
  return { alice, bob, before, another: await start('bob', 'another') }
}

test('what is held because a name is another account now goes there when the user says so, in order and once', async () => {
  await using t = await town()
  const { alice, bob, before, another } = await takenOver(t)
  await until(() => isKeyChanged(alice))
  const notices = alice.notices(AbortSignal.timeout(60_000))[Symbol.asyncIterator]()
  const after = await alice.send('bob', 'My secret.')
  expect(after).toMatchObject({ hold: 'blocked-key-change' })
  expect(alice.message(before.id)).toMatchObject({ state: 'queued', hold: 'blocked-key-change' })
  expect(alice.why(after.id).next).toContain('parley accept-key bob')
  expect(alice.trust.summary()).toEqual({ known: 1, verified: 0, keyChanged: ['bob'] })
  await expect(alice.trust.verify('bob', '0'.repeat(60))).rejects.toMatchObject({ code: 'key-changed' })

  const change = await alice.trust.keyChange('bob')
  expect(change).toMatchObject({
    account: bob.identity.accountId,
    kind: 'other-account',
    known: { key: bob.identity.account.publicKey },
    offered: { account: another.identity.accountId, number: (await another.trust.safetyNumber('alice')).number },
    waiting: 2,
  })
  await expect(alice.trust.acceptKey('bob', change.known.key)).rejects.toMatchObject({ code: 'key-changed' })
  const received = another.receive()[Symbol.asyncIterator]()
  expect(await alice.trust.acceptKey('bob', change.offered.key)).toEqual({
    account: another.identity.accountId,
    name: 'bob',
    sent: 2,
    formerAccount: bob.identity.accountId,
  })

  for (const text of ['Are you there?', 'My secret.']) expect((await received.next()).value).toMatchObject({ text })
  expect((await notices.next()).value).toMatchObject({ level: 'info', text: expect.stringContaining('accepted') })
  await until(() => alice.pending() === 0)
  expect(texts(await alice.history('bob', 10))).toEqual(['Are you there?', 'My secret.'])
  expect((await alice.history('bob', 10)).notes).toMatchObject([{ kind: 'key-accepted' }])
  const { messages: earlier, notes } = await alice.history(bob.identity.accountId, 10)
  expect(notes).toMatchObject([{ kind: 'key-changed', level: 'warn' }, { kind: 'key-accepted' }])
  expect(earlier.map(({ text, state }) => `${text} ${state}`)).toEqual([
    ' cancelled',
    ' cancelled',
    'Is it you? delivered',
  ])
  expect(alice.message(before.id)).toMatchObject({ state: 'cancelled' })
  await expect(alice.trust.keyChange('bob')).rejects.toMatchObject({ code: 'no-key-change' })
  expect(alice.trust.summary()).toMatchObject({ verified: 0, keyChanged: [] })
})

test('what was interrupted while it went to an accepted account goes on at the next start, in order and once', async () => {
  await using t = await town()
  const { alice, another } = await takenOver(t)
  await until(() => isKeyChanged(alice))
  await alice.send('bob', 'My secret.')
  const { offered } = await alice.trust.keyChange('bob')
  // The first message comes to the disk, and from there on nothing.
  let left = 1
  const failing = vi.spyOn(Delivery.prototype, 'send').mockImplementation(function (this: Delivery, ...call) {
    left -= 1
    return left < 0 ? Promise.reject(new Error('the power is gone')) : this.outbox.send(...call)
  })
  await expect(alice.trust.acceptKey('bob', offered.key)).rejects.toThrow('the power is gone')
  await alice.stop()
  failing.mockRestore()
  const again = await t.start('alice')
  await until(() => again.pending() === 0)
  await expect(again.trust.acceptKey('bob', offered.key)).rejects.toMatchObject({ code: 'no-key-change' })
  expect(texts(await another.history('alice', 10))).toEqual(['Are you there?', 'My secret.'])
  expect(texts(await again.history('bob', 10))).toEqual(['Are you there?', 'My secret.'])
})

test('the tests would notice if what is held went to the other account by itself', async () => {
  await using t = await town()
  const mend = plant('auto-resend-on-key-change')
  try {
    const { alice, before, another } = await takenOver(t)
    const received = another.receive()[Symbol.asyncIterator]()
    expect((await received.next()).value).toMatchObject({ text: 'Are you there?' })
    await until(() => alice.message(before.id)?.hold !== 'blocked-key-change')
  } finally {
    mend()
  }
})

/** Without the directory: who looks then has to know by himself. */
test('a rotated key is followed from the hello alone, the conversation goes on, and what was verified is to be compared again', async () => {
  await using t = await town()
  const [alice, bob] = await Promise.all([t.start('alice'), t.start('bob')])
  await until(() => bob.directoryState.state === 'online')
  expect(await alice.waitFor((await alice.send('bob', 'before')).id, 'delivered')).toMatchObject({ state: 'delivered' })
  await alice.trust.verify('bob', (await bob.trust.safetyNumber('alice')).scannable)
  const { account: oldKey, accountId } = bob.identity
  const first = oldKey.publicKey
  await t.directory.stop()

  const notices = alice.notices(AbortSignal.timeout(60_000))[Symbol.asyncIterator]()
  const rotated = await bob.account.rotateKey()
  expect(rotated).toMatchObject({ account: accountId, rotations: 1 })
  expect(rotated.key).not.toBe(first)
  expect((await notices.next()).value).toMatchObject({ level: 'info', text: expect.stringContaining('new key') })
  const atAlice = await alice.trust.safetyNumber('bob')
  expect(atAlice.number).toBe((await bob.trust.safetyNumber('alice')).number)
  expect(atAlice.verification).toBe('rotated-since')
  expect(await alice.waitFor((await alice.send('bob', 'after')).id, 'delivered')).toMatchObject({ state: 'delivered' })
  expect(texts(await alice.history(accountId, 10))).toEqual(['before', 'after'])

  // Killed before the directory heard of it: the next start tells it, and who asks there follows too.
  await bob.stop()
  await t.directory.restart()
  const again = await t.start('bob')
  expect(again.identity.account.publicKey).toBe(rotated.key)
  await until(() => again.directoryState.state === 'online')
  const carol = await t.start('carol')
  await until(() => carol.directoryState.state === 'online')
  await carol.waitFor((await carol.send('bob', 'hello')).id, 'delivered')
  expect((await carol.trust.safetyNumber('bob')).number).toBe((await again.trust.safetyNumber('carol')).number)
  await again.account.changeProfile({ statusText: 'with a new key', displayName: 'Bob B.' })
  const found = async () => (await alice.find('bob'))[0]
  while ((await found())?.statusText !== 'with a new key') await new Promise((resolve) => setTimeout(resolve, 20))
  expect(await found()).toMatchObject({ account: accountId, displayName: 'Bob B.' })
  expect(again.account.profile()).toEqual({ name: 'bob', displayName: 'Bob B.', statusText: 'with a new key' })
})
