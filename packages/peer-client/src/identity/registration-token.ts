import { join } from 'node:path'
import { RegistrationToken } from '@parley/shared/registration-token.ts'
import { systemErrorCode } from '@parley/shared/system-error.ts'
import { z } from 'zod'
import { PROFILE_FILES } from './profile-directory.ts'
import { ProfileError } from './profile-error.ts'
import type { ProfileKey } from './profile-key.ts'
import { readSecretFile, writeSecretFile } from './secret-file.ts'

const Kept = z.strictObject({ v: z.literal(1), directory: z.string(), token: RegistrationToken })

/**
 * The token with which a closed directory takes this account: `given`, which is kept for the next start, or the one that was
 * kept for this same directory. No other directory is told it. Throws RangeError for a text that cannot be one, or ProfileError
 * `damaged-profile`.
 */
export async function registrationTokenFor(
  profile: string,
  directory: string,
  given: string | undefined,
  key: ProfileKey | undefined,
): Promise<string | undefined> {
  const { href } = new URL(directory)
  const file = join(profile, PROFILE_FILES.registrationToken)
  if (given === undefined) {
    const kept = await load(file, key)
    return kept?.directory === href ? kept.token : undefined
  }
  if (!RegistrationToken.safeParse(given).success) {
    throw new RangeError('a registration token is 1 to 512 visible ASCII characters without spaces')
  }
  const kept = { v: 1, directory: href, token: given } satisfies z.infer<typeof Kept>
  await writeSecretFile(file, `${JSON.stringify(kept)}\n`, key, { replace: true })
  return given
}

async function load(file: string, key: ProfileKey | undefined): Promise<z.infer<typeof Kept> | undefined> {
  try {
    return Kept.parse(JSON.parse(await readSecretFile(file, key)))
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    if (!(error instanceof SyntaxError || error instanceof z.ZodError)) throw error
    throw new ProfileError('damaged-profile', `${file} cannot be read: remove it, and give the token again`)
  }
}
