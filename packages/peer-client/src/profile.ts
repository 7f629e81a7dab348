// Makes profiles: the one place where an identity, its message encryption keys and its settings come together.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { foldName, type Name } from '@parley/shared/ids.ts'
import { generateSignalIdentity } from '#encryption/signal-identity.ts'
import { createIdentity, type Identity, loadIdentity, saveIdentity } from '#identity/identity.ts'
import { keyFileText, type PassphraseCost, unlockProfile } from '#identity/passphrase.ts'
import { removeUnfinished, writePrivateFile } from '#identity/private-file.ts'
import { checkProfileDirectory, makeProfileDirectory, PROFILE_FILES, profilePath } from '#identity/profile-directory.ts'
import { ProfileError } from '#identity/profile-error.ts'
import { ProfileKey } from '#identity/profile-key.ts'
import { ProfileLock } from '#identity/profile-lock.ts'
import { loadSettings, type Settings, saveSettings } from '#identity/settings.ts'
import { finishChange } from '#identity/staged-change.ts'

export interface ProfileOptions {
  /** Folded to lower case; what was given becomes the display name. */
  readonly name: string
  /** Where the profile is; by default in the user's data directory, under the name. */
  readonly profile?: string | undefined
  /** The URL of the directory that it uses. */
  readonly directory?: string | undefined
  readonly displayName?: string | undefined
  /** What is on the disk is encrypted with it; a profile that has one is opened with it. */
  readonly passphrase?: string | undefined
  /** What `unlockProfile` gave for a profile that is there, instead of its passphrase. */
  readonly key?: ProfileKey | undefined
  /** Of a new profile; by default PASSPHRASE_MEMORY_KIB and its like. */
  readonly passphraseCost?: PassphraseCost | undefined
}

/** New keys, a new account. Throws ProfileError, or RangeError for a name that cannot be one. */
export async function createProfile(options: ProfileOptions): Promise<{ path: string; identity: Identity }> {
  const { name: typed, profile, directory, displayName = typed, passphrase, passphraseCost } = options
  const name = readName(typed)
  const path = profilePath({ name, directory: profile })
  const key = passphrase === undefined ? undefined : ProfileKey.random()
  const keyFile =
    key === undefined || passphrase === undefined ? undefined : await keyFileText(key, passphrase, passphraseCost)
  await makeProfileDirectory(path)
  using _lock = new ProfileLock(path)
  // Somebody may have made one since.
  await makeProfileDirectory(path)
  if (keyFile === undefined) await rm(join(path, PROFILE_FILES.key), { force: true })
  else await writePrivateFile(join(path, PROFILE_FILES.key), keyFile, { replace: true })
  const identity = await createIdentity({ name, displayName, signalIdentity: generateSignalIdentity() })
  await saveSettings(path, { v: 1, ...(directory === undefined ? {} : { directory }) })
  await saveIdentity(path, identity, key)
  return { path, identity }
}

/** As `createProfile`. False when somebody made the profile meanwhile: then it is as they made it. */
export async function createProfileIfAbsent(options: ProfileOptions): Promise<boolean> {
  try {
    await createProfile(options)
    return true
  } catch (error) {
    if (!(error instanceof ProfileError) || error.code !== 'profile-exists') throw error
    const isThere = await checkProfileDirectory(
      profilePath({ name: readName(options.name), directory: options.profile }),
    )
      .then(() => true)
      .catch(() => false)
    if (!isThere) throw error
    return false
  }
}

/** A profile that this process alone works with. */
export interface OpenProfile {
  readonly path: string
  /** Whoever opened the profile releases it. */
  readonly lock: ProfileLock
  readonly key: ProfileKey | undefined
  readonly identity: Identity
  readonly settings: Settings
}

/** The profile, which is made when there is none. Throws as `createProfile`. */
export async function openProfile(options: ProfileOptions): Promise<OpenProfile> {
  const path = await findProfile(options)
  const lock = new ProfileLock(path)
  try {
    await finishChange(path)
    await removeUnfinished(path)
    const key = options.key ?? (await unlockProfile(path, () => options.passphrase))
    return { path, lock, key, identity: await loadIdentity(path, key), settings: await loadSettings(path) }
  } catch (error) {
    lock.release()
    throw error
  }
}

async function findProfile(options: ProfileOptions): Promise<string> {
  const path = profilePath({ name: readName(options.name), directory: options.profile })
  try {
    await checkProfileDirectory(path)
    return path
  } catch (error) {
    if (!(error instanceof ProfileError) || error.code !== 'no-profile') throw error
    await createProfileIfAbsent(options)
    return path
  }
}

function readName(typed: string): Name {
  const name = foldName(typed)
  if (name !== undefined) return name
  throw new RangeError(`"${typed}" is not a name: 1 to 32 of a-z 0-9 . _ -, with a letter or digit at both ends`)
}
