// Makes profiles: the one place where an identity, its message encryption keys and its settings come together.
import { foldName, type Name } from '@parley/shared/ids.ts'
import { generateSignalIdentity } from '#encryption/signal-identity.ts'
import { createIdentity, type Identity, loadIdentity, saveIdentity } from '#identity/identity.ts'
import { checkProfileDirectory, makeProfileDirectory, profilePath } from '#identity/profile-directory.ts'
import { ProfileError } from '#identity/profile-error.ts'
import { saveSettings } from '#identity/settings.ts'

export interface ProfileOptions {
  /** Folded to lower case; what was given becomes the display name. */
  readonly name: string
  /** Where the profile is; by default in the user's data directory, under the name. */
  readonly profile?: string | undefined
  /** The URL of the directory that it uses. */
  readonly directory?: string | undefined
  readonly displayName?: string | undefined
}

/** New keys, a new account. Throws ProfileError, or RangeError for a name that cannot be one. */
export async function createProfile(options: ProfileOptions): Promise<{ path: string; identity: Identity }> {
  const { name: typed, profile, directory, displayName = typed } = options
  const name = readName(typed)
  const path = profilePath({ name, directory: profile })
  await makeProfileDirectory(path)
  const identity = await createIdentity({ name, displayName, signalIdentity: generateSignalIdentity() })
  await saveSettings(path, { v: 1, ...(directory === undefined ? {} : { directory }) })
  await saveIdentity(path, identity)
  return { path, identity }
}

/** The path of a profile that is complete and safe, made when there is none. Throws as `createProfile`. */
export async function openProfile(options: ProfileOptions): Promise<string> {
  const path = profilePath({ name: readName(options.name), directory: options.profile })
  try {
    await checkProfileDirectory(path)
    await loadIdentity(path)
    return path
  } catch (error) {
    if (!(error instanceof ProfileError) || error.code !== 'no-profile') throw error
    return (await createProfile(options)).path
  }
}

function readName(typed: string): Name {
  const name = foldName(typed)
  if (name !== undefined) return name
  throw new RangeError(`"${typed}" is not a name: 1 to 32 of a-z 0-9 . _ -, with a letter or digit at both ends`)
}
