import { mkdirSync } from 'node:fs'
import { readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createPeer, type Peer } from '@parley/peer-client'
import { Decrypter } from 'age-encryption'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { backUpProfile } from '#back-up.ts'
import { KEPT, LEFT_OUT } from '#backup/tables.ts'
import { formatPeerAddress } from '#connection/peer-address.ts'
import { loadIdentity } from '#identity/identity.ts'
import { unlockProfile } from '#identity/passphrase.ts'
import { verifyLedger } from '#ledger/verify-ledger.ts'
import { restoreProfile } from '#restore.ts'
import { openDatabase, openDatabaseReadonly } from '#store/database.ts'
import { CHEAP } from './support/cheap-passphrase.ts'
import { startDirectory } from './support/running-directory.ts'
import { type TempDirectory, tempDirectory } from './support/temp-directory.ts'

const PASSPHRASE = 'correct horse battery staple'
const CANARY = 'canary-3f1c9a'
const WORK_FACTOR = 4

interface Person {
  readonly name: string
  readonly profile?: string
  readonly directory?: string
  readonly passphrase?: string
}

/** Peers in one temporary directory, stopped at its end. */
class World implements AsyncDisposable {
  readonly #root: TempDirectory
  readonly #stack = new AsyncDisposableStack()

  private constructor(root: TempDirectory) {
    this.#root = this.#stack.use(root)
  }

  static async open(): Promise<World> {
    return new World(await tempDirectory())
  }

  path(name: string): string {
    return join(this.#root.path, name)
  }

  async start({ name, profile = name, directory, passphrase }: Person): Promise<Peer> {
    const options = { name, profile: this.path(profile), directory, passphrase, passphraseCost: CHEAP }
    return this.#stack.use(createPeer(options)).start()
  }

  backUp(profile: string, file: string) {
    return backUpProfile({
      profile: this.path(profile),
      file: this.path(file),
      current: () => PASSPHRASE,
      fresh: () => PASSPHRASE,
      workFactor: WORK_FACTOR,
    })
  }

  restore(file: string, profile: string, passphrase = PASSPHRASE) {
    return restoreProfile({ file: this.path(file), profile: this.path(profile), passphrase, cost: CHEAP })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync()
  }
}

/** Alice and bob who talked, and a message of alice that bob did not get. */
async function talked(world: World, passphrase?: string): Promise<{ alice: Peer; bob: Peer; waiting: string }> {
  const [alice, bob] = [
    await world.start({ name: 'alice', ...(passphrase !== undefined && { passphrase }) }),
    await world.start({ name: 'bob' }),
  ]
  await alice.connect(formatPeerAddress(bob.address))
  // Bob begins the ratchet, so it is alice who makes prekeys.
  await bob.waitFor((await bob.send('alice', 'zero')).id, 'delivered')
  await alice.waitFor((await alice.send('bob', CANARY)).id, 'delivered')
  await alice.waitFor((await alice.send('bob', 'two')).id, 'delivered')
  await bob.waitFor((await bob.send('alice', 'three')).id, 'delivered')
  await bob.disconnect('alice')
  await bob.stop()
  const { id } = await alice.send('bob', 'not yet')
  await alice.cancel((await alice.send('bob', 'never')).id)
  return { alice, bob, waiting: id }
}

/** Resolves once it holds; the time limit is that of the test. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20))
}

const textsOf = async (peer: Peer, who: string) =>
  (await peer.history(who, 20)).messages.map(({ text, direction, state }) => [text, direction, state]).reverse()

describe('a backup', () => {
  test('is made while the peer runs, is private, and holds no secret of the device and nothing to be read', async () => {
    await using world = await World.open()
    const { alice } = await talked(world, PASSPHRASE)
    const seen: number[] = []
    const made = await backUpProfile({
      profile: world.path('alice'),
      file: world.path('backup'),
      current: () => PASSPHRASE,
      fresh: () => Promise.reject(new Error('the profile has one')),
      workFactor: WORK_FACTOR,
      progress: (done, total) => seen.push(done / total),
    })
    const bytes = await readFile(made.file)
    expect(made).toMatchObject({ messages: 6, bytes: bytes.length })
    expect(seen.at(-1)).toBe(1)
    expect((await stat(made.file)).mode & 0o777).toBe(0o600)
    expect(bytes.subarray(0, 21).toString()).toBe('age-encryption.org/v1')
    for (const secret of [CANARY, Buffer.from(CANARY).toString('base64url'), 'bob', alice.identity.accountId])
      expect(bytes.includes(secret)).toBe(false)

    const decrypter = new Decrypter()
    decrypter.addPassphrase(PASSPHRASE)
    const content = await decrypter.decrypt(bytes, 'text')
    const key = await unlockProfile(world.path('alice'), () => PASSPHRASE)
    const database = openDatabaseReadonly(join(world.path('alice'), 'parley.db'), key?.database)
    let secrets = 0
    for (const table of ['ratchets', 'curve_prekeys', 'signed_prekeys', 'kyber_prekeys']) {
      for (const record of database.prepare<[], Uint8Array>(`SELECT record FROM ${table}`).pluck().iterate()) {
        secrets += 1
        for (const form of ['base64', 'base64url', 'hex'] as const)
          expect(content.includes(Buffer.from(record).toString(form))).toBe(false)
      }
    }
    expect(secrets).toBeGreaterThan(2)
    for (const { ciphertext } of database
      .prepare<[], { ciphertext: Uint8Array }>('SELECT bytes AS ciphertext FROM ciphertexts')
      .all())
      expect(content.includes(Buffer.from(ciphertext).toString('base64url'))).toBe(false)
    database.close()
    const { device, signalIdentity } = alice.identity
    expect(content).not.toContain(signalIdentity.privateKey)
    expect(content).not.toContain(device.privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64url'))
    expect(content).toContain(device.publicKey)
    expect((await readdir(world.path('.'))).filter((name) => name.includes('partial'))).toEqual([])
  })

  test('says of every table of the database whether it belongs in', () => {
    const database = openDatabase(':memory:')
    const tables = database
      .prepare<[], string>(`SELECT name FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite%'`)
      .pluck()
      .all()
    database.close()
    expect(tables.toSorted()).toEqual([...KEPT, ...LEFT_OUT].toSorted())
  })

  test('does not replace a file, and a profile that never started has nothing to save', async () => {
    await using world = await World.open()
    await talked(world)
    await writeFile(world.path('mine'), 'mine')
    await expect(world.backUp('alice', 'mine')).rejects.toMatchObject({ code: 'file-exists' })
    expect(await readFile(world.path('mine'), 'utf8')).toBe('mine')
    await rm(join(world.path('bob'), 'parley.db'))
    await expect(world.backUp('bob', 'backup')).rejects.toMatchObject({ code: 'never-started' })
    await expect(world.backUp('nobody', 'backup')).rejects.toMatchObject({ code: 'no-profile' })
    await expect(world.backUp('alice', 'no/such/place')).rejects.toMatchObject({ code: 'ENOENT' })
  })
})

describe('a restored profile', () => {
  test('is a new device with the history, talks with the same people, and sends what had not arrived', async () => {
    await using world = await World.open()
    const { alice, bob, waiting } = await talked(world, PASSPHRASE)
    const { port } = bob.address
    await world.backUp('alice', 'backup')
    const { identity } = alice
    await alice.stop()
    const restored = await world.restore('backup', 'restored')
    expect(restored).toMatchObject({
      name: 'alice',
      account: identity.accountId,
      predecessor: identity.device.publicKey,
      isEncrypted: true,
      contacts: 1,
      messages: 5,
      sentAgain: 1,
    })
    expect(restored.device).not.toBe(identity.device.publicKey)
    const names = await readdir(world.path('restored'))
    for (const name of names) expect((await stat(join(world.path('restored'), name))).mode & 0o777).toBe(0o600)

    const bobAgain = await createPeer({ name: 'bob', profile: world.path('bob'), listen: { port } }).start()
    await using _bob = bobAgain
    const again = await world.start({ name: 'alice', profile: 'restored', passphrase: PASSPHRASE })
    expect(again.identity).toMatchObject({ accountId: identity.accountId, revokes: [identity.device.publicKey] })
    expect(again.identity.signalIdentity.publicKey).not.toBe(identity.signalIdentity.publicKey)
    const [last] = (await again.history('bob', 1)).messages
    expect(last).toMatchObject({ text: 'not yet' })
    expect(last?.id).not.toBe(waiting)
    await again.connect(formatPeerAddress(bobAgain.address))
    await again.waitFor(last?.id ?? '', 'delivered')
    await again.waitFor((await again.send('bob', 'four')).id, 'delivered')
    await bobAgain.waitFor((await bobAgain.send('alice', 'five')).id, 'delivered')
    const history = [
      ['zero', 'in', undefined],
      [CANARY, 'out', 'delivered'],
      ['two', 'out', 'delivered'],
      ['three', 'in', undefined],
      ['not yet', 'out', 'delivered'],
      ['four', 'out', 'delivered'],
      ['five', 'in', undefined],
    ]
    expect(await textsOf(again, 'bob')).toEqual(history)
    expect((await textsOf(bobAgain, 'alice')).map(([text]) => text)).toEqual(history.map(([text]) => text))
    await Promise.all([again.stop(), bobAgain.stop()])
    const key = await unlockProfile(world.path('restored'), () => PASSPHRASE)
    const locked = { path: world.path('restored'), key: key?.database }
    expect(verifyLedger([locked, world.path('bob')]).violations).toEqual([])
  })

  test('changes what the other side has from its predecessor, and hears what is said about that', async () => {
    await using world = await World.open()
    const { alice, bob } = await talked(world)
    await world.backUp('alice', 'backup')
    // What the backup knows as waiting arrives after it was made.
    const bobAgain = await world.start({ name: 'bob' })
    await alice.connect(formatPeerAddress(bobAgain.address))
    await until(() => alice.pending() === 0)
    await Promise.all([alice.stop(), bob.stop()])
    await world.restore('backup', 'restored')
    const again = await world.start({ name: 'alice', profile: 'restored' })
    await again.connect(formatPeerAddress(bobAgain.address))
    await until(() => again.pending() === 0)

    const [mine] = (await again.history('bob', 1)).messages
    const { edited } = await again.conversations.changes.edit(mine?.id ?? '', 'yes')
    await again.waitFor(edited?.by ?? '', 'delivered')
    const [theirs, ...rest] = (await bobAgain.history('alice', 10)).messages
    expect(theirs).toMatchObject({ text: 'yes', edited: {} })
    expect(rest.map(({ text }) => text)).toEqual(['three', 'two', CANARY, 'zero'])
    await bobAgain.conversations.reacting.react(theirs?.id ?? '', '👍')
    const { id } = await bobAgain.send('alice', 'why?', { replyTo: theirs?.id })
    await bobAgain.waitFor(id, 'delivered')
    const [asked] = (await again.history('bob', 1)).messages
    expect(asked?.replyTo).toMatchObject({ message: { id: mine?.id, text: 'yes' } })
    expect(again.message(mine?.id ?? '')?.reactions).toMatchObject([{ emoji: '👍' }])
    await again.conversations.changes.remove(mine?.id ?? '')
    await until(() => again.pending() === 0)
    expect(bobAgain.message(theirs?.id ?? '')).toMatchObject({ text: '', deleted: {} })
  })

  test('of a backup from before a rotation is nobody: it is told so, and nobody follows it', async () => {
    await using world = await World.open()
    await using directory = await startDirectory()
    const { url } = directory
    const [alice, bob] = await Promise.all([
      world.start({ name: 'alice', directory: url }),
      world.start({ name: 'bob', directory: url }),
    ])
    await until(() => [alice, bob].every(({ directoryState }) => directoryState.state === 'online'))
    await alice.waitFor((await alice.send('bob', 'before')).id, 'delivered')
    await world.backUp('alice', 'backup')
    const { key } = await alice.account.rotateKey()
    await alice.waitFor((await alice.send('bob', 'after')).id, 'delivered')
    // As a kill would leave it: the directory may not have heard of the key yet.
    await alice.stop()

    await world.restore('backup', 'restored')
    const restored = await world.start({ name: 'alice', profile: 'restored', directory: url })
    const { id } = await restored.send('bob', 'from the past')
    await expect(restored.connect(formatPeerAddress(bob.address))).rejects.toMatchObject({ code: 'unreachable' })
    expect(restored.message(id)).toMatchObject({ state: 'queued' })
    await restored.stop()

    const again = await world.start({ name: 'alice', directory: url })
    await until(() => again.directoryState.state === 'online')
    await again.waitFor((await again.send('bob', 'and on')).id, 'delivered')
    expect(bob.trust.summary()).toMatchObject({ keyChanged: [] })
    expect((await bob.history('alice', 10)).messages.map(({ text }) => text)).toEqual(['and on', 'after', 'before'])
    expect((await bob.trust.safetyNumber('alice')).number).toBe((await again.trust.safetyNumber('bob')).number)
    expect(again.identity.account.publicKey).toBe(key)

    const late = await world.start({ name: 'alice', profile: 'restored', directory: url })
    await until(() => late.directoryState.state === 'waiting')
    expect(late.directoryState).toMatchObject({ lastError: expect.stringContaining('newer key') })
  })

  test('revokes its predecessor in the directory as soon as it reaches it, and is found in its place', async () => {
    await using directory = await startDirectory()
    await using world = await World.open()
    const { url } = directory
    const alice = await world.start({ name: 'alice', directory: url })
    const bob = await world.start({ name: 'bob', directory: url })
    const isOnline = async (peer: Peer) => {
      while (peer.directoryState.state !== 'online') await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await Promise.all([isOnline(alice), isOnline(bob)])
    await bob.waitFor((await bob.send('alice', CANARY)).id, 'delivered')
    await world.backUp('alice', 'backup')
    const old = alice.identity.device.publicKey
    await alice.stop()
    await world.restore('backup', 'restored')
    // Not started with the directory at first: it is not forgotten.
    await (await world.start({ name: 'alice', profile: 'restored' })).stop()
    const again = await world.start({ name: 'alice', profile: 'restored', directory: url })
    await isOnline(again)
    await bob.waitFor((await bob.send('alice', 'to whom?')).id, 'delivered')
    expect((await textsOf(again, 'bob')).map(([text]) => text)).toEqual([CANARY, 'to whom?'])
    const { record } = z
      .object({ record: z.string() })
      .parse(await (await fetch(`${url}/v1/users/alice`, { headers: { connection: 'close' } })).json())
    const [, payload = ''] = record.split('.')
    const { revoked, devices, seq } = JSON.parse(Buffer.from(payload, 'base64url').toString())
    expect({ revoked, devices: devices.length, seq }).toEqual({ revoked: [old], devices: 1, seq: 2 })
    await again.stop()

    // Its predecessor is told when it comes back.
    const ghost = await world.start({ name: 'alice', directory: url })
    const lastError = async () => {
      for (;;) {
        const { directoryState: state } = ghost
        if (state.state === 'waiting') return state.lastError
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
    expect(await lastError()).toContain('revoked')
  })

  test('is not made of a wrong passphrase, or of a file that was cut, changed, or is something else', async () => {
    await using world = await World.open()
    await talked(world)
    const { bytes } = await world.backUp('alice', 'backup')
    const whole = await readFile(world.path('backup'))
    const before = (await readdir(world.path('.'))).toSorted()
    await expect(world.restore('backup', 'restored', 'not the passphrase')).rejects.toMatchObject({
      code: 'wrong-passphrase',
    })
    for (const size of [0, 10, 100, 200, Math.floor(bytes / 2), bytes - 1]) {
      await truncate(world.path('backup'), size)
      await expect(world.restore('backup', 'restored')).rejects.toMatchObject({
        code: expect.stringMatching(/^(not-a-backup|damaged-backup)$/),
      })
      await writeFile(world.path('backup'), whole)
    }
    for (const place of [30, 190, 300, Math.floor(bytes / 2), bytes - 1]) {
      const changed = Buffer.from(whole)
      changed.writeUInt8(changed.readUInt8(place) ^ 1, place)
      await writeFile(world.path('backup'), changed)
      await expect(world.restore('backup', 'restored')).rejects.toMatchObject({
        code: expect.stringMatching(/^(not-a-backup|damaged-backup|wrong-passphrase)$/),
      })
    }
    await writeFile(world.path('backup'), 'a text')
    await expect(world.restore('backup', 'restored')).rejects.toMatchObject({ code: 'not-a-backup' })
    await expect(world.restore('nowhere', 'restored')).rejects.toMatchObject({ code: 'ENOENT' })
    expect((await readdir(world.path('.'))).toSorted()).toEqual(before)

    await writeFile(world.path('backup'), whole)
    await expect(world.restore('backup', 'alice')).rejects.toMatchObject({ code: 'profile-exists' })
    mkdirSync(world.path('taken'), { mode: 0o700 })
    await writeFile(join(world.path('taken'), 'mine'), 'mine', { mode: 0o600 })
    await expect(world.restore('backup', 'taken')).rejects.toMatchObject({ code: 'profile-exists' })
    mkdirSync(world.path('empty'), { mode: 0o700 })
    expect(await world.restore('backup', 'empty')).toMatchObject({ isEncrypted: false })
    expect(await loadIdentity(world.path('empty'), undefined)).toMatchObject({ name: 'alice' })
  })
})
