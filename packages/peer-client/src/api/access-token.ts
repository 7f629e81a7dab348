import { createHmac, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { toBase64url } from '@parley/shared/bytes.ts'
import { ApiToken } from '@parley/shared/local-api/daemon-file.ts'
import { provenText } from '@parley/shared/local-api/proof.ts'
import { systemErrorCode } from '@parley/shared/system-error.ts'
import { writePrivateFile } from '#identity/private-file.ts'
import { ProfileError } from '#identity/profile-error.ts'

export function newToken(): ApiToken {
  return ApiToken.parse(toBase64url(randomBytes(32)))
}

/** Of a profile that has none. */
export function writeToken(file: string, token: ApiToken): Promise<void> {
  return writePrivateFile(file, `${token}\n`, { replace: false })
}

/** Of the daemon that listens at HOST:PORT. */
export function proofOf(token: ApiToken, host: string, nonce: string): string {
  return createHmac('sha256', token).update(provenText(host, nonce)).digest('hex')
}

/**
 * The token in the file, or a new one when there is no file: one for the life of the profile, so that an open page and a bot
 * survive a restart of the daemon. Throws ProfileError `damaged-profile`.
 */
export async function readOrMakeToken(file: string): Promise<ApiToken> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) !== 'ENOENT') throw error
    return undefined
  })
  if (text === undefined) {
    const token = newToken()
    await writeToken(file, token)
    return token
  }
  const token = ApiToken.safeParse(text.trimEnd())
  if (token.success) return token.data
  throw new ProfileError('damaged-profile', `${file} does not hold a token: remove it, and a new one is made`)
}
