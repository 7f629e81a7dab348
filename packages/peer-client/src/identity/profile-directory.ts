// A profile is one directory, 0700, of files, 0600, all owned by whoever runs the peer. Wider modes are refused and not mended:
// they say that somebody else may have read the keys already, and that is for a person to judge.

import type { Stats } from 'node:fs'
import { mkdir, readdir, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import type { Name } from '@parley/shared/ids.ts'
import { systemErrorCode } from '@parley/shared/system-error.ts'
import { ProfileError } from './profile-error.ts'

/** What a profile holds, by file name. */
export const PROFILE_FILES = {
  identity: 'identity.json',
  /** There when the profile has a passphrase. */
  key: 'profile-key.json',
  settings: 'settings.json',
  registrationToken: 'registration-token.json',
  lock: 'profile.lock',
  data: 'parley.db',
  blacklist: 'blacklist.txt',
  log: 'parley.log',
} as const

type Environment = Readonly<Record<string, string | undefined>>

interface ProfileChoice {
  readonly name: Name
  /** As typed after `--profile`; goes before `name`. */
  readonly directory?: string | undefined
  readonly environment?: Environment | undefined
  readonly home?: string | undefined
}

/** `--profile`, else `$XDG_DATA_HOME/parley/<name>`, else `~/.local/share/parley/<name>`. Always absolute. */
export function profilePath({ name, directory, environment, home }: ProfileChoice): string {
  return directory === undefined ? join(profilesDirectory(environment, home), name) : resolve(directory)
}

/** Where the profiles are of which nobody said where they are. */
export function profilesDirectory(environment: Environment = process.env, home: string = homedir()): string {
  const dataHome = environment['XDG_DATA_HOME']
  // The XDG base directory specification has relative paths ignored.
  const base = dataHome !== undefined && isAbsolute(dataHome) ? dataHome : join(home, '.local', 'share')
  return join(base, 'parley')
}

/** Makes the directory for a new profile. Throws ProfileError `profile-exists` or `unsafe-profile`. */
export async function makeProfileDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 })
  const entries = await checkModes(path)
  if (entries.includes(PROFILE_FILES.identity)) {
    throw new ProfileError('profile-exists', `${path} already holds a profile; choose another name or --profile`)
  }
  const foreign = entries.find((entry) => !isLeftover(entry))
  if (foreign !== undefined) {
    throw new ProfileError(
      'profile-exists',
      `${path} is in use for something else (it holds ${foreign}); choose another name or --profile`,
    )
  }
}

/** What a `parley init` that was interrupted before it wrote the identity may leave behind. */
function isLeftover(entry: string): boolean {
  return LEFTOVERS.includes(entry) || entry.endsWith('.tmp')
}

const LEFTOVERS: readonly string[] = [
  PROFILE_FILES.settings,
  PROFILE_FILES.key,
  PROFILE_FILES.lock,
  `${PROFILE_FILES.lock}-journal`,
]

/** Throws ProfileError `no-profile` or `unsafe-profile`. */
export async function checkProfileDirectory(path: string): Promise<void> {
  const entries = await checkModes(path)
  if (!entries.includes(PROFILE_FILES.identity)) throw noProfile(path)
}

async function checkModes(path: string): Promise<string[]> {
  const directory = await stat(path).catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') throw noProfile(path)
    throw error
  })
  if (!directory.isDirectory()) throw new ProfileError('unsafe-profile', `${path} is not a directory`)
  refuseWider(path, directory)
  const entries = await readdir(path)
  for (const entry of entries) {
    const file = join(path, entry)
    const stats = await stat(file).catch(() => undefined)
    // Gone since it was listed: SQLite removes its side files when the last connection closes.
    if (stats !== undefined) refuseWider(file, stats)
  }
  return entries
}

function refuseWider(path: string, stats: Stats): void {
  const me = process.getuid?.()
  // Windows has neither owner ids nor mode bits; there the profile lies in the user's own folder.
  if (me === undefined) return
  if (stats.uid !== me) {
    throw new ProfileError(
      'unsafe-profile',
      `${path} belongs to user ${stats.uid} and this is user ${me}: run as its owner, or chown -R ${me} ${quote(path)}`,
    )
  }
  if ((stats.mode & 0o077) !== 0) {
    const mode = (stats.mode & 0o777).toString(8).padStart(4, '0')
    const mend = stats.isDirectory() ? '700' : '600'
    throw new ProfileError(
      'unsafe-profile',
      `${path} is open to other users (mode ${mode}): chmod ${mend} ${quote(path)}, if nobody else has read it`,
    )
  }
}

function noProfile(path: string): ProfileError {
  return new ProfileError('no-profile', `there is no profile in ${path}: parley init makes one`)
}

/** For a shell: pasted, it means this path and nothing else. */
function quote(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`
}
