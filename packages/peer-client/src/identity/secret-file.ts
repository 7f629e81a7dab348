// The files of a profile that hold keys and tokens: as they are, or sealed when the profile has a passphrase.
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { z } from 'zod'
import { writePrivateFile } from './private-file.ts'
import { ProfileError } from './profile-error.ts'
import type { ProfileKey } from './profile-key.ts'

const Sealed = z.strictObject({ v: z.literal(1), sealed: z.string().regex(/^[A-Za-z0-9_-]+$/) })

/** As `writePrivateFile`. */
export async function writeSecretFile(
  path: string,
  text: string,
  key: ProfileKey | undefined,
  options: { replace: boolean },
): Promise<void> {
  await writePrivateFile(path, key === undefined ? text : sealedText(path, text, key), options)
}

/** The text that was written. Throws ProfileError `damaged-profile`, or what the file system says. */
export async function readSecretFile(path: string, key: ProfileKey | undefined): Promise<string> {
  const text = await readFile(path, 'utf8')
  if (key === undefined) return text
  const { data } = Sealed.safeParse(parseJson(text))
  const opened = data && key.openText(purposeOf(path), data.sealed)
  if (opened !== undefined) return opened
  throw new ProfileError(
    'damaged-profile',
    `${path} cannot be used (it is not encrypted with the key of this profile): restore it from a backup`,
  )
}

function sealedText(path: string, text: string, key: ProfileKey): string {
  return `${JSON.stringify({ v: 1, sealed: key.sealText(purposeOf(path), text) } satisfies z.infer<typeof Sealed>)}\n`
}

/** By its name, so that one file cannot stand for another. */
function purposeOf(path: string): string {
  return `file ${basename(path)}`
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
