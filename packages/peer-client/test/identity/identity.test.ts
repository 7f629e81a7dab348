import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { accountIdOf } from '@parley/shared/hashes.ts'
import { exportPrivateKey } from '@parley/shared/keys.ts'
import { verifyDeviceCertificate } from '@parley/shared/signed/device-certificate.ts'
import { verifyRotations } from '@parley/shared/signed/rotation.ts'
import { expect, test } from 'vitest'
import { CurrentIdentity, withNewAccountKey } from '#identity/current-identity.ts'
import { loadIdentity, saveIdentity } from '#identity/identity.ts'
import { loadSettings, saveSettings } from '#identity/settings.ts'
import { identityOf } from '../support/identities.ts'
import { tempDirectory } from '../support/temp-directory.ts'

test('a new identity is an account whose id is the hash of its key, with this device certified', async () => {
  const alice = await identityOf('Alice')
  expect(alice.name).toBe('alice')
  expect(alice.displayName).toBe('Alice')
  expect(alice.accountId).toBe(accountIdOf(alice.account.publicKey))
  const certified = await verifyDeviceCertificate(alice.certificate)
  expect(certified).toMatchObject({
    accountId: alice.accountId,
    accountKey: alice.account.publicKey,
    deviceKey: alice.device.publicKey,
    signalIdentity: alice.signalIdentity.publicKey,
  })
})

test('a saved identity loads as it was, from a file that only its owner can read', async () => {
  await using directory = await tempDirectory()
  const alice = await identityOf('Alice')
  await saveIdentity(directory.path, alice, undefined)
  const loaded = await loadIdentity(directory.path, undefined)
  expect({ ...loaded, account: loaded.account.publicKey, device: loaded.device.publicKey }).toEqual({
    ...alice,
    account: alice.account.publicKey,
    device: alice.device.publicKey,
  })
  expect(loaded.account.privateKey.equals(alice.account.privateKey)).toBe(true)
  expect(loaded.device.privateKey.equals(alice.device.privateKey)).toBe(true)
  expect((await stat(join(directory.path, 'identity.json'))).mode & 0o777).toBe(0o600)
  expect(await readdir(directory.path)).toEqual(['identity.json'])
})

test('of many identities saved at once into one directory exactly one stays, whole', async () => {
  await using directory = await tempDirectory()
  const people = await Promise.all(Array.from({ length: 8 }, (_, i) => identityOf(`user${i}`)))
  const results = await Promise.allSettled(people.map((person) => saveIdentity(directory.path, person, undefined)))
  expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1)
  for (const result of results) {
    if (result.status === 'rejected')
      expect(result.reason).toMatchObject({ name: 'ProfileError', code: 'profile-exists' })
  }
  const winner = people[results.findIndex((result) => result.status === 'fulfilled')]
  expect((await loadIdentity(directory.path, undefined)).accountId).toBe(winner?.accountId)
  expect(await readdir(directory.path)).toEqual(['identity.json'])
})

test('an identity is replaced only when that is asked for', async () => {
  await using directory = await tempDirectory()
  const alice = await identityOf('alice')
  await saveIdentity(directory.path, alice, undefined)
  await expect(saveIdentity(directory.path, await identityOf('bob'), undefined)).rejects.toMatchObject({
    code: 'profile-exists',
  })
  await saveIdentity(directory.path, { ...alice, displayName: 'Alice again' }, undefined, { replace: true })
  expect((await loadIdentity(directory.path, undefined)).displayName).toBe('Alice again')
})

test('a directory without an identity has no profile, and the error says how to make one', async () => {
  await using directory = await tempDirectory()
  await expect(loadIdentity(directory.path, undefined)).rejects.toMatchObject({
    code: 'no-profile',
    message: expect.stringContaining('parley init'),
  })
})

test('a damaged identity is refused, and no part of a private key is in the error', async () => {
  await using directory = await tempDirectory()
  const file = join(directory.path, 'identity.json')
  const [alice, bob] = [await identityOf('alice'), await identityOf('bob')]
  await saveIdentity(directory.path, alice, undefined)
  const good = await readFile(file, 'utf8')
  const content = JSON.parse(good)
  const damaged: [string, string][] = [
    ['cut short', good.slice(0, -20)],
    ['empty', ''],
    ['a key of another type', JSON.stringify({ ...content, devicePrivateKey: content.signalIdentity.privateKey })],
    ['a key that is no key', JSON.stringify({ ...content, accountPrivateKey: 'AAAA' })],
    ['the keys swapped', JSON.stringify({ ...content, accountPrivateKey: content.devicePrivateKey })],
    ['another account', JSON.stringify({ ...content, accountId: bob.accountId })],
    ['another certificate', JSON.stringify({ ...content, certificate: bob.certificate })],
    ['a newer version', JSON.stringify({ ...content, v: 2 })],
    ['a stray field', JSON.stringify({ ...content, more: true })],
  ]
  for (const [what, text] of damaged) {
    await writeFile(file, text)
    const error = await loadIdentity(directory.path, undefined).then(
      () => new Error(`${what}: loaded`),
      (reason: unknown) => reason,
    )
    expect(error).toMatchObject({ name: 'ProfileError', code: 'damaged-profile' })
    expect(error).not.toHaveProperty('cause')
    for (const secret of [content.accountPrivateKey, content.devicePrivateKey, content.signalIdentity.privateKey]) {
      expect(String(error)).not.toContain(secret.slice(-12))
    }
  }
  await writeFile(file, good)
  expect((await loadIdentity(directory.path, undefined)).accountId).toBe(alice.accountId)
})

test('settings are kept beside the identity, have defaults, and accept only http directories', async () => {
  await using directory = await tempDirectory()
  expect(await loadSettings(directory.path)).toEqual({ v: 1 })
  await saveSettings(directory.path, { v: 1, directory: 'http://127.0.0.1:5000' })
  expect(await loadSettings(directory.path)).toEqual({ v: 1, directory: 'http://127.0.0.1:5000' })
  expect((await stat(join(directory.path, 'settings.json'))).mode & 0o777).toBe(0o600)
  await expect(saveSettings(directory.path, { v: 1, directory: 'file:///etc/passwd' })).rejects.toThrow()
  for (const text of ['{', '{"v":2}', '{"v":1,"directory":"ftp://x"}']) {
    await writeFile(join(directory.path, 'settings.json'), text)
    await expect(loadSettings(directory.path)).rejects.toMatchObject({ code: 'damaged-profile' })
  }
})

test('a write that fails leaves neither the file nor a temporary one', async () => {
  await using directory = await tempDirectory()
  const { path } = directory
  await expect(saveIdentity(join(path, 'missing'), await identityOf('alice'), undefined)).rejects.toMatchObject({
    code: 'ENOENT',
  })
  await chmod(path, 0o700)
  expect(await readdir(path)).toEqual([])
})

test('a rotation is one whole file after another: the new key is signed for, certifies the device, and the old one is gone', async () => {
  await using directory = await tempDirectory()
  const alice = await identityOf('Alice')
  await saveIdentity(directory.path, alice, undefined)
  const current = new CurrentIdentity(alice, directory.path, undefined)
  // One waits for the other: neither is lost.
  await Promise.all([1, 2].map((now) => current.change((identity) => withNewAccountKey(identity, now))))
  const loaded = await loadIdentity(directory.path, undefined)
  expect(loaded).toMatchObject({ accountId: alice.accountId, name: 'alice', displayName: 'Alice' })
  expect(loaded.account.publicKey).toBe(current.account.publicKey)
  const keys = await verifyRotations(alice.accountId, loaded.account.publicKey, loaded.rotations)
  expect(keys).toEqual([alice.account.publicKey, expect.any(String), current.account.publicKey])
  expect(await verifyDeviceCertificate(loaded.certificate)).toMatchObject({
    accountKey: current.account.publicKey,
    deviceKey: alice.device.publicKey,
  })
  const text = await readFile(join(directory.path, 'identity.json'), 'utf8')
  expect(text).not.toContain(exportPrivateKey(alice.account.privateKey))
  expect(await readdir(directory.path)).toEqual(['identity.json'])
})

test('a rotation that cannot be written leaves the key as it was', async () => {
  await using directory = await tempDirectory()
  const alice = await identityOf('Alice')
  const current = new CurrentIdentity(alice, join(directory.path, 'gone'), undefined)
  await expect(current.change((identity) => withNewAccountKey(identity, 1))).rejects.toMatchObject({ code: 'ENOENT' })
  expect(current.account.publicKey).toBe(alice.account.publicKey)
  expect(current.certificate).toBe(alice.certificate)
})
