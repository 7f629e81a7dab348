import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemErrorCode } from '@parley/shared/system-error.ts'
import { z } from 'zod'
import { writePrivateFile } from './private-file.ts'
import { PROFILE_FILES } from './profile-directory.ts'
import { ProfileError } from './profile-error.ts'

/** What `parley init` fixes for a profile and a flag of `parley start` may override for one run. */
export const Settings = z.strictObject({
  v: z.literal(1),
  /** Absent: this peer uses no directory and is found by address only. */
  directory: z.url({ protocol: /^https?$/ }).optional(),
})
export type Settings = z.infer<typeof Settings>

/** On the disk when it resolves; replaces what was set before. */
export async function saveSettings(directory: string, settings: Settings): Promise<void> {
  const text = `${JSON.stringify(Settings.parse(settings), undefined, 2)}\n`
  await writePrivateFile(join(directory, PROFILE_FILES.settings), text, { replace: true })
}

/** A profile without the file has the defaults. Throws ProfileError `damaged-profile`. */
export async function loadSettings(directory: string): Promise<Settings> {
  const file = join(directory, PROFILE_FILES.settings)
  try {
    return Settings.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return { v: 1 }
    if (!(error instanceof SyntaxError || error instanceof z.ZodError)) throw error
    throw new ProfileError('damaged-profile', `${file} cannot be read: mend it, or remove it for the defaults`, {
      cause: error,
    })
  }
}
