import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { readdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createPeer, type Peer } from '@parley/peer-client'
import { describe, expect, test } from 'vitest'
import { changePassphrase } from '#change-passphrase.ts'
import { formatPeerAddress } from '#connection/peer-address.ts'
import { unlockProfile } from '#identity/passphrase.ts'
import { changeTogether } from '#identity/staged-change.ts'
import { verifyLedger } from '#ledger/verify-ledger.ts'
import { createProfile } from '#profile.ts'
import { openDatabase, openDatabaseReadonly } from '#store/database.ts'
import { CHEAP } from './support/cheap-passphrase.ts'
import { tempDirectory } from './support/temp-directory.ts'

const OLD = 'correct horse battery staple'
const NEW = 'another one, quite different'
const CANARY = 'canary-3f1c9a'
/** Too long to be written by chance in what is encrypted. */
const BOB = 'bobbobbob'

/** All that the files of the profile say to who can only read them. */
async function readAll(profile: string): Promise<string> {
  const entries = await readdir(profile, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return Buffer.concat(await Promise.all(files.map((file) => readFile(file)))).toString('latin1')
}

async function modesOf(profile: string): Promise<Set<number>> {
  const names = await readdir(profile)
  return new Set(await Promise.all(names.map(async (name) => (await stat(join(profile, name))).mode & 0o777)))
}

function open(profile: string, passphrase?: string): Peer {
  return createPeer({ name: 'alice', profile, passphrase, passphraseCost: CHEAP })
}

async function says(profile: string, passphrase: string | undefined): Promise<string> {
  try {
    await using peer = open(profile, passphrase)
    await peer.start()
    return (await peer.history(BOB, 10)).messages.map(({ text }) => text).join(' ')
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  }
}

/** A profile of alice, who wrote the canary to a bob who is gone. */
async function profileWithHistory(directory: string, passphrase?: string): Promise<string> {
  const profile = join(directory, 'alice')
  await using alice = open(profile, passphrase)
  await using bob = createPeer({ name: BOB, profile: join(directory, 'bob') })
  await Promise.all([alice.start(), bob.start()])
  await alice.connect(formatPeerAddress(bob.address))
  await alice.waitFor((await alice.send(BOB, CANARY)).id, 'delivered')
  await alice.archive.search(CANARY)
  return profile
}

const change = (profile: string, current: string | undefined, next: string | undefined) =>
  changePassphrase({ profile, current: () => current, next: () => next, cost: CHEAP })

describe('a profile with a passphrase', () => {
  test('shows nothing of its keys and messages to who reads its files, running or not, and opens with the passphrase only', async () => {
    await using root = await tempDirectory()
    const profile = join(root.path, 'alice')
    await using alice = open(profile, OLD)
    await using bob = createPeer({ name: BOB, profile: join(root.path, 'bob') })
    await Promise.all([alice.start(), bob.start()])
    await alice.connect(formatPeerAddress(bob.address))
    await alice.waitFor((await alice.send(BOB, CANARY)).id, 'delivered')
    // The thread that searches has opened the database too.
    expect((await alice.archive.search(CANARY)).hits).toHaveLength(1)
    const secrets = [
      CANARY,
      BOB,
      bob.identity.accountId,
      alice.identity.signalIdentity.privateKey,
      'CREATE TABLE',
      'accountPrivateKey',
    ]
    const running = await readAll(profile)
    expect(running.length).toBeGreaterThan(10_000)
    for (const secret of secrets) expect(running).not.toContain(secret)
    // Bob's, to see that the canary would be found.
    expect(await readAll(join(root.path, 'bob'))).toContain(CANARY)
    await alice.stop()
    const stopped = await readAll(profile)
    for (const secret of secrets) expect(stopped).not.toContain(secret)
    expect(await modesOf(profile)).toEqual(new Set([0o600]))

    expect(await says(profile, 'not the passphrase')).toBe('wrong-passphrase')
    expect(await says(profile, undefined)).toBe('passphrase-needed')
  })

  test('is proven by the ledger with its key, and without it is no database', async () => {
    await using root = await tempDirectory()
    const path = await profileWithHistory(root.path, OLD)
    const key = await unlockProfile(path, () => OLD)
    const bob = join(root.path, 'bob')
    const locked = { path, key: key?.database }
    expect(verifyLedger([locked, bob])).toMatchObject({ ok: true, checked: { databases: 2 } })
    expect(verifyLedger([path, bob]).violations).toMatchObject([{ code: 'not-a-database' }])
    const other = { path, key: Buffer.alloc(32, 1) }
    expect(verifyLedger([other, bob]).violations).toMatchObject([{ code: 'not-a-database' }])
    // A page that was changed is seen, wherever it is.
    const file = join(path, 'parley.db')
    const bytes = await readFile(file)
    bytes.writeUInt8(bytes.readUInt8(5000) ^ 1, 5000)
    await writeFile(file, bytes)
    expect(verifyLedger([locked]).violations).toMatchObject([{ code: 'corrupt' }])
  })

  test('says in words what is wrong with its files', async () => {
    await using root = await tempDirectory()
    const profile = join(root.path, 'alice')
    await createProfile({ name: 'alice', profile, passphrase: OLD, passphraseCost: CHEAP })
    const keyFile = await readFile(join(profile, 'profile-key.json'), 'utf8')
    for (const [file, text] of [
      ['identity.json', '{"v":1,"sealed":"AAAA"}'],
      ['identity.json', '{"v":1}'],
      ['profile-key.json', keyFile.replace('argon2id', 'argon2i')],
      ['profile-key.json', keyFile.replace(/"memoryKib": \d+/, '"memoryKib": 99999999')],
      ['profile-key.json', ''],
    ] as const) {
      const kept = await readFile(join(profile, file))
      await writeFile(join(profile, file), text)
      expect(await says(profile, OLD)).toBe('damaged-profile')
      await writeFile(join(profile, file), kept)
    }
    await expect(createProfile({ name: 'bob', profile: join(root.path, 'bob'), passphrase: 'short' })).rejects.toThrow(
      'a passphrase has 8 to 1024 characters',
    )
    // The database of another profile, or one that lost its encryption, is not taken for this one's.
    openDatabase(join(profile, 'parley.db')).close()
    expect(await says(profile, OLD)).toBe('wrong-key')
  })

  test('is opened by the same letters, however they are composed', async () => {
    await using root = await tempDirectory()
    const profile = join(root.path, 'alice')
    await createProfile({ name: 'alice', profile, passphrase: 'Übermäßig'.normalize('NFC'), passphraseCost: CHEAP })
    expect(await unlockProfile(profile, () => 'Übermäßig'.normalize('NFD'))).toBeDefined()
  })
})

describe('the passphrase of a profile', () => {
  test('is set, changed and removed; what it protects stays, and keeps its modes', async () => {
    await using root = await tempDirectory()
    const profile = await profileWithHistory(root.path)
    await writeFile(join(profile, 'parley.log'), `${BOB} was here`, { mode: 0o600 })
    expect(await readAll(profile)).toContain(CANARY)

    expect(await change(profile, undefined, OLD)).toBe('set')
    expect(await readAll(profile)).not.toMatch(new RegExp(`${CANARY}|${BOB}|accountPrivateKey`))
    expect(await modesOf(profile)).toEqual(new Set([0o600]))
    expect(await says(profile, OLD)).toBe(CANARY)

    const before = await readFile(join(profile, 'profile-key.json'))
    expect(await change(profile, OLD, NEW)).toBe('set')
    expect(await says(profile, OLD)).toBe('wrong-passphrase')
    expect(await says(profile, NEW)).toBe(CANARY)
    // Somebody who kept the key file and knows the old passphrase has a key of the past.
    const oldKeyFile = join(root.path, 'before')
    mkdirSync(oldKeyFile, { mode: 0o700 })
    await writeFile(join(oldKeyFile, 'profile-key.json'), before)
    const past = await unlockProfile(oldKeyFile, () => OLD)
    expect(() => openDatabaseReadonly(join(profile, 'parley.db'), past?.database)).toThrow(
      expect.objectContaining({ code: 'wrong-key' }),
    )

    await expect(change(profile, 'not the passphrase', undefined)).rejects.toMatchObject({ code: 'wrong-passphrase' })
    await expect(change(profile, NEW, 'short')).rejects.toThrow(RangeError)
    expect(await change(profile, NEW, undefined)).toBe('removed')
    expect(await says(profile, undefined)).toBe(CANARY)
    expect(await readAll(profile)).toContain('accountPrivateKey')
    expect(await readdir(profile)).not.toContain('profile-key.json')
    expect(await modesOf(profile)).toEqual(new Set([0o600]))
  })

  test('is not changed while the peer runs, or while somebody reads the database', async () => {
    await using root = await tempDirectory()
    const profile = await profileWithHistory(root.path)
    {
      await using peer = open(profile)
      await peer.start()
      await expect(change(profile, undefined, OLD)).rejects.toMatchObject({ code: 'profile-in-use' })
    }
    const reader = openDatabaseReadonly(join(profile, 'parley.db'))
    reader.exec('BEGIN')
    reader.prepare('SELECT count(*) FROM messages').get()
    await expect(change(profile, undefined, OLD)).rejects.toMatchObject({
      code: expect.stringMatching(/^(in-use|SQLITE_BUSY)/),
    })
    reader.close()
    expect(await readdir(profile)).not.toContain('change.draft')
    expect(await change(profile, undefined, OLD)).toBe('set')
    expect(await says(profile, OLD)).toBe(CANARY)
  }, 60_000)

  test('that was being changed when the machine stopped is the old one or the new one, at whichever step', async () => {
    await using root = await tempDirectory()
    const profile = await profileWithHistory(root.path, OLD)
    // Nothing was decided: what was made so far is dropped.
    mkdirSync(join(profile, 'change.draft'), { mode: 0o700 })
    await writeFile(join(profile, 'change.draft', 'identity.json'), 'accountPrivateKey', { mode: 0o600 })
    expect(await says(profile, OLD)).toBe(CANARY)
    expect(await readdir(profile)).not.toContain('change.draft')

    // It was decided: as many of its steps as were done are not done again. The renames are undone one by one.
    const decided = join(root.path, 'decided')
    await change(profile, OLD, NEW)
    const names = ['identity.json', 'parley.db', 'profile-key.json']
    for (let done = 0; done <= names.length; done += 1) {
      mkdirSync(decided, { mode: 0o700 })
      const plan = { v: 1, remove: ['parley.db-wal', 'parley.db-shm'], replace: names }
      await writeFile(join(decided, 'plan.json'), JSON.stringify(plan), { mode: 0o600 })
      for (const name of names.slice(done)) await rename(join(profile, name), join(decided, name))
      // What was there before, of which nothing may be left.
      for (const name of names.slice(done)) await writeFile(join(profile, name), 'old', { mode: 0o600 })
      await rename(decided, join(profile, 'change'))
      expect(await unlockProfile(profile, () => NEW)).toBeDefined()
      expect(await says(profile, NEW)).toBe(CANARY)
    }
  })

  test('a failure on the way leaves all as it was', async () => {
    await using root = await tempDirectory()
    const profile = await profileWithHistory(root.path, OLD)
    const files = await readdir(profile)
    await expect(
      changeTogether(profile, async (directory) => {
        await writeFile(join(directory, 'identity.json'), 'half')
        throw new Error('no room')
      }),
    ).rejects.toThrow('no room')
    expect(await readdir(profile)).toEqual(files)
    expect(await says(profile, OLD)).toBe(CANARY)
  })

  test('kill -9 in the middle leaves the old one or the new one in force, and every message', async () => {
    await using root = await tempDirectory()
    const profile = await profileWithHistory(root.path, OLD)
    const script = fileURLToPath(new URL('./support/passphrase-changer.ts', import.meta.url))
    for (const afterMs of [40, 160]) {
      const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, profile, OLD, NEW], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const exited = once(child, 'exit')
      await once(child.stdout.setEncoding('utf8'), 'data')
      await delay(afterMs)
      child.kill('SIGKILL')
      await exited
      const answers = [await says(profile, OLD), await says(profile, NEW)]
      expect(answers.toSorted()).toEqual([CANARY, 'wrong-passphrase'].toSorted())
      const inForce = answers[0] === CANARY ? OLD : NEW
      const key = await unlockProfile(profile, () => inForce)
      expect(verifyLedger([{ path: profile, key: key?.database }, join(root.path, 'bob')])).toMatchObject({ ok: true })
      expect(await readAll(profile)).not.toContain(CANARY)
    }
  }, 60_000)
})
