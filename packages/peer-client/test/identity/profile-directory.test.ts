import { chmod, chown, mkdir, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { foldName, type Name } from '@parley/shared/ids.ts'
import { expect, test } from 'vitest'
import { saveIdentity } from '#identity/identity.ts'
import { checkProfileDirectory, makeProfileDirectory, profilePath } from '#identity/profile-directory.ts'
import { identityOf } from '../support/identities.ts'
import { tempDirectory } from '../support/temp-directory.ts'

const alice = nameOf('alice')

function nameOf(typed: string): Name {
  const name = foldName(typed)
  if (name === undefined) throw new Error(`${typed} is not a name`)
  return name
}

test('a profile lies where --profile says, else under XDG_DATA_HOME, else under the home directory', () => {
  const at = (environment: Record<string, string>, directory?: string) =>
    profilePath({ name: alice, directory, environment, home: '/home/a' })
  expect(at({})).toBe('/home/a/.local/share/parley/alice')
  expect(at({ XDG_DATA_HOME: '/data' })).toBe('/data/parley/alice')
  expect(at({ XDG_DATA_HOME: 'relative' })).toBe('/home/a/.local/share/parley/alice')
  expect(at({ XDG_DATA_HOME: '' })).toBe('/home/a/.local/share/parley/alice')
  expect(at({ XDG_DATA_HOME: '/data' }, '/srv/me')).toBe('/srv/me')
  expect(at({}, 'me')).toBe(join(process.cwd(), 'me'))
})

test('a new profile directory and its new parents are for their owner only', async () => {
  await using root = await tempDirectory()
  const path = join(root.path, 'share', 'parley', 'alice')
  await makeProfileDirectory(path)
  for (const made of [path, join(root.path, 'share')]) expect((await stat(made)).mode & 0o777).toBe(0o700)
})

test('a directory that holds a profile, or something else, is not made into a new one', async () => {
  await using root = await tempDirectory()
  await writeFile(join(root.path, 'settings.json'), '{}', { mode: 0o600 })
  await makeProfileDirectory(root.path)
  await saveIdentity(root.path, await identityOf('alice'), undefined)
  await expect(makeProfileDirectory(root.path)).rejects.toMatchObject({ code: 'profile-exists' })

  await using other = await tempDirectory()
  await writeFile(join(other.path, 'directory.db'), '', { mode: 0o600 })
  await expect(makeProfileDirectory(other.path)).rejects.toMatchObject({
    code: 'profile-exists',
    message: expect.stringContaining('directory.db'),
  })
})

test('a missing directory, an empty one and a file are no profiles', async () => {
  await using root = await tempDirectory()
  await expect(checkProfileDirectory(join(root.path, 'missing'))).rejects.toMatchObject({ code: 'no-profile' })
  await expect(checkProfileDirectory(root.path)).rejects.toMatchObject({ code: 'no-profile' })
  const file = join(root.path, 'file')
  await writeFile(file, '', { mode: 0o600 })
  await expect(checkProfileDirectory(file)).rejects.toMatchObject({ code: 'unsafe-profile' })
})

test('wider modes are refused with the chmod that mends them', async () => {
  await using root = await tempDirectory()
  const path = join(root.path, "alice's")
  await makeProfileDirectory(path)
  await saveIdentity(path, await identityOf('alice'), undefined)
  await checkProfileDirectory(path)

  await chmod(path, 0o750)
  await expect(checkProfileDirectory(path)).rejects.toMatchObject({
    code: 'unsafe-profile',
    message: expect.stringContaining(`chmod 700 '${root.path}/alice'\\''s'`),
  })
  await chmod(path, 0o700)
  for (const mode of [0o640, 0o604, 0o620, 0o610]) {
    await chmod(join(path, 'identity.json'), mode)
    await expect(checkProfileDirectory(path)).rejects.toMatchObject({
      code: 'unsafe-profile',
      message: expect.stringContaining('chmod 600'),
    })
  }
  await chmod(join(path, 'identity.json'), 0o600)

  await mkdir(join(path, 'files'), { mode: 0o755 })
  await expect(checkProfileDirectory(path)).rejects.toMatchObject({ code: 'unsafe-profile' })
  await chmod(join(path, 'files'), 0o700)
  await checkProfileDirectory(path)
})

test('a file of another owner is refused, also behind a symbolic link', async () => {
  await using root = await tempDirectory()
  await saveIdentity(root.path, await identityOf('alice'), undefined)
  await using elsewhere = await tempDirectory()
  const given = join(elsewhere.path, 'given')
  await writeFile(given, '', { mode: 0o600 })
  const amRoot = process.getuid?.() === 0
  if (amRoot) await chown(given, 65_534, 65_534)
  await symlink(amRoot ? given : '/etc/passwd', join(root.path, 'linked'))
  await expect(checkProfileDirectory(root.path)).rejects.toMatchObject({
    code: 'unsafe-profile',
    message: expect.stringContaining('run as its owner'),
  })
})
