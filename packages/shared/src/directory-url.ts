import { z } from 'zod'

const MAX_DIRECTORY_URL_CHARS = 2_048

/**
 * Where a directory is. Without a user and a password, which it would not ask for: a URL stands in logs, in settings and in the list of
 * processes.
 */
export const DirectoryUrl = z
  .url({ protocol: /^https?$/ })
  .max(MAX_DIRECTORY_URL_CHARS)
  .refine((url) => !hasLogin(url), 'a user and a password in it are not accepted')

/** Why it is no DirectoryUrl, and what would be one; undefined when it is one. A password is not repeated. */
export function problemOfDirectoryUrl(url: string): string | undefined {
  if (DirectoryUrl.safeParse(url).success) return undefined
  if (hasLogin(url)) {
    return 'the URL of a directory has a user or a password in it, which is not accepted: no directory asks for them, and they would stand in logs. Leave out all between // and @'
  }
  return `"${url}" is not the URL of a directory, for instance http://127.0.0.1:5000`
}

function hasLogin(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { username, password } = new URL(url)
  return username !== '' || password !== ''
}
