import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Name } from '@parley/shared/ids.ts'
import { systemErrorCode } from '@parley/shared/system-error.ts'
import { PROFILE_FILES, profilesDirectory } from './profile-directory.ts'

/** The names of the profiles in the usual place, sorted. */
export async function knownProfiles(directory: string = profilesDirectory()): Promise<Name[]> {
  const entries = await readdir(directory).catch((error: unknown) => {
    if (systemErrorCode(error) !== 'ENOENT') throw error
    return []
  })
  const names: Name[] = []
  for (const entry of entries.toSorted((a, b) => a.localeCompare(b))) {
    const name = Name.safeParse(entry).data
    // The directory server keeps its data beside the profiles.
    const isProfile = await stat(join(directory, entry, PROFILE_FILES.identity)).then(
      (file) => file.isFile(),
      () => false,
    )
    if (name !== undefined && isProfile) names.push(name)
  }
  return names
}
