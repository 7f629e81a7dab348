import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemErrorCode } from '@parley/shared/system-error.ts'
import { z } from 'zod'
import { writePrivateFile } from './private-file.ts'
import { PROFILE_FILES } from './profile-directory.ts'
import { ProfileError } from './profile-error.ts'

/** What a header field can carry, as the directory has it. */
const Token = z.string().regex(/^[\x21-\x7e]{1,512}$/)
const Kept = z.strictObject({ v: z.literal(1), directory: z.string(), token: Token })

/**
 * The token with which a closed directory takes this account: `given`, which is kept for the next start, or the one that was
 * kept for this same directory. No other directory is told it. Throws RangeError for a text that cannot be one, or ProfileError
 * `damaged-profile`.
 */
export async function registrationTokenFor(
  profile: string,
  directory: string,
  given: string | undefined,
): Promise<string | undefined> {
  const { href } = new URL(directory)
  const file = join(profile, PROFILE_FILES.registrationToken)
  if (given === undefined) {
    const kept = await load(file)
    return kept?.directory === href ? kept.token : undefined
  }
  if (!Token.safeParse(given).success) {
    throw new RangeError('a registration token is 1 to 512 visible ASCII characters without spaces')
  }
  const kept = { v: 1, directory: href, token: given } satisfies z.infer<typeof Kept>
  await writePrivateFile(file, `${JSON.stringify(kept)}\n`, { replace: true })
  return given
}

async function load(file: string): Promise<z.infer<typeof Kept> | undefined> {
  try {
    return Kept.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    if (!(error instanceof SyntaxError || error instanceof z.ZodError)) throw error
    throw new ProfileError('damaged-profile', `${file} cannot be read: remove it, and give the token again`)
  }
}
