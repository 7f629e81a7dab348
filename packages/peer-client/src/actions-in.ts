// Most commands only ask the daemon that runs already. What they do not need is imported where it is needed, so that they are
// quick: message encryption, the database and HTTP belong to `start`.
import { stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { problemOfDirectoryUrl } from '@parley/shared/directory-url.ts'
import { foldName, type Name } from '@parley/shared/ids.ts'
import { packageVersion } from '@parley/shared/package-version.ts'
import { systemErrorCode } from '@parley/shared/system-error.ts'
import type { Environment } from '@parley/shared/terminal/terminal.ts'
import { z } from 'zod'
import type { CliActions, PassphraseSource, StartOptions } from '#cli/actions.ts'
import { CliError, EXIT, type ExitCode } from '#cli/exit.ts'
import { knownProfiles } from '#identity/known-profiles.ts'
import { profilePath, profilesDirectory } from '#identity/profile-directory.ts'
import { ProfileError } from '#identity/profile-error.ts'
import type { LockedDatabase } from '#ledger/ledger-database.ts'

/** What the commands do, on the profiles of whoever has this environment. */
export function actionsIn(environment: Environment): CliActions {
  const locate = (profile: string | undefined, name: string | undefined) => locateProfile(environment, profile, name)
  return {
    locateProfile: ({ profile, name }) => explained(() => locate(profile, name)),
    knownProfiles: () =>
      explained(async () => {
        const names = await knownProfiles(profilesDirectory(environment))
        return names.map((name) => ({ name, path: profilePath({ name, environment }) }))
      }),
    init: ({ name: typed, profile, passphrase: source, ...options }) =>
      explained(async () => {
        const name = readName(typed)
        checkDirectoryUrl(options.directory)
        const passphrase = await source?.fresh(`the profile of ${typed}`)
        const { createProfile } = await import('./profile.ts')
        const { path, identity } = await createProfile({
          name: typed,
          profile: profilePath({ name, directory: profile, environment }),
          ...options,
          passphrase,
        })
        const { accountId: account, displayName } = identity
        const { directory } = options
        return { path, name: identity.name, displayName, account, directory, isEncrypted: passphrase !== undefined }
      }),
    changePassphrase: ({ current, next, ...choice }) =>
      explained(async () => {
        const profile = await locate(choice.profile, choice.name)
        const { changePassphrase } = await import('./change-passphrase.ts')
        return changePassphrase({ profile, current: () => current.current(profile), next: () => next?.fresh(profile) })
      }),
    start: (options) =>
      explained(async () => {
        checkDirectoryUrl(options.directory ?? undefined)
        const { runDaemon } = await import('./daemon.ts')
        const { stopped, ...running } = await runDaemon({
          ...(await startable(options, environment)),
          version: packageVersion(import.meta.url),
        })
        return { ...running, stopped: explained(() => stopped) }
      }),
    backUp: ({ profile: given, name, file, passphrase, progress }) =>
      explained(async () => {
        const profile = await locate(given, name)
        const { backUpProfile } = await import('./back-up.ts')
        const current = () => passphrase.current(profile)
        return backUpProfile({ profile, file, current, fresh: () => passphrase.fresh('the backup'), progress })
      }),
    restore: ({ file, profile, passphrase, progress }) =>
      explained(async () => {
        const { restoreProfile } = await import('./restore.ts')
        const place = profile === undefined ? undefined : resolve(profile)
        return restoreProfile({ file, profile: place, passphrase: await passphrase.current(file), progress })
      }),
    verifyLedger: (paths, passphrase) =>
      explained(async () => {
        const { verifyLedger } = await import('#ledger/verify-ledger.ts')
        const { describeLedger } = await import('#ledger/describe-ledger.ts')
        const report = verifyLedger(await Promise.all(paths.map((path) => withItsKey(path, passphrase))))
        return { ok: report.ok, text: describeLedger(report), report }
      }),
  }
}

/** Where to start, and with what; somebody is asked for a name first when there is no profile and none was named. */
async function startable(options: StartOptions, environment: Environment): Promise<StartOptions & { profile: string }> {
  const { name, onSetUp, directory, directoryCa, port, signal } = options
  const found = await locateProfile(environment, options.profile, name).catch((error: unknown) => {
    if (onSetUp === undefined || !(error instanceof CliError) || error.code !== 'no-profile') throw error
    return undefined
  })
  const isThere = found !== undefined && (name !== undefined || onSetUp === undefined || (await isProfile(found)))
  if (isThere) return { ...options, profile: found }
  const { firstRun } = await import('./first-run.ts')
  const { defaultApiPort } = await import('#api/local-api.ts')
  const { passphrase, registrationToken, ...made } = await firstRun({
    placeOf: (chosen) => found ?? profilePath({ name: chosen, environment }),
    directory: directory ?? undefined,
    directoryCa,
    hasRegistrationToken: options.registrationToken !== undefined || options.registrationTokenFile !== undefined,
    apiPort: options.apiPort ?? defaultApiPort(port),
    onPage: (link) => onSetUp?.(link),
    signal,
  })
  const token = registrationToken !== undefined && { registrationToken, registrationTokenFile: undefined }
  const started = { ...options, ...made, ...token }
  if (passphrase === undefined) return started
  const typed = () => Promise.resolve(passphrase)
  return { ...started, passphrase: { isGiven: true, current: typed, fresh: typed } }
}

async function isProfile(path: string): Promise<boolean> {
  const { checkProfileDirectory } = await import('#identity/profile-directory.ts')
  return checkProfileDirectory(path).then(
    () => true,
    (error: unknown) => {
      if (error instanceof ProfileError && error.code === 'no-profile') return false
      throw error
    },
  )
}

/** The database key of the profile that the path leads to, when it has one. */
async function withItsKey(path: string, passphrase: PassphraseSource): Promise<string | LockedDatabase> {
  const { unlockProfile } = await import('#identity/passphrase.ts')
  const isDirectory = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
  const profile = isDirectory ? path : dirname(path)
  const key = await unlockProfile(profile, () => passphrase.current(profile)).catch(ignoringAbsence)
  return key === undefined ? path : { path, key: key.database }
}

/** What is not there is for the ledger to report. */
function ignoringAbsence(error: unknown): undefined {
  const code = systemErrorCode(error)
  if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error
}

async function locateProfile(
  environment: Environment,
  profile: string | undefined,
  name: string | undefined,
): Promise<string> {
  if (profile !== undefined) return resolve(profile)
  if (name !== undefined) return profilePath({ name: readName(name), environment })
  const { PARLEY_PROFILE } = environment
  if (PARLEY_PROFILE) return resolve(PARLEY_PROFILE)
  const known = await knownProfiles(profilesDirectory(environment))
  const [only, another] = known
  if (only === undefined) {
    throw new CliError(
      EXIT.unavailable,
      'no-profile',
      'there is no profile yet. Make one with: parley init --name NAME',
    )
  }
  if (another === undefined) return profilePath({ name: only, environment })
  const sentence = `there are several profiles: ${known.join(', ')}. Say which, for instance: --name ${only}`
  throw new CliError(EXIT.usage, 'several-profiles', sentence)
}

function readName(typed: string): Name {
  const name = foldName(typed)
  if (name !== undefined) return name
  const rule = 'a name is 1 to 32 of a-z 0-9 . _ - and begins and ends with a letter or digit'
  throw new CliError(EXIT.usage, 'bad-name', `"${typed}" cannot be a name: ${rule}`)
}

function checkDirectoryUrl(url: string | undefined): void {
  const problem = url === undefined ? undefined : problemOfDirectoryUrl(url)
  if (problem !== undefined) throw new CliError(EXIT.usage, 'bad-url', problem)
}

/** Runs it, and gives what goes wrong its exit code. */
async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw explain(error)
  }
}

const PROFILE_EXITS: Readonly<Record<ProfileError['code'], ExitCode>> = {
  'no-profile': EXIT.unavailable,
  'profile-exists': EXIT.refused,
  'unsafe-profile': EXIT.unsafeProfile,
  'damaged-profile': EXIT.io,
  'profile-in-use': EXIT.profileInUse,
  'passphrase-needed': EXIT.keyChanged,
  'wrong-passphrase': EXIT.keyChanged,
}

const Coded = z.object({ name: z.string(), code: z.string(), message: z.string(), syscall: z.string().optional() })

function explain(error: unknown): unknown {
  if (error instanceof CliError) return error
  if (error instanceof ProfileError)
    return new CliError(PROFILE_EXITS[error.code], error.code, error.message, { cause: error })
  if (error instanceof RangeError) return new CliError(EXIT.usage, 'bad-value', error.message, { cause: error })
  // By name and not by class: the modules of these are those that are not to be loaded here.
  const { name, code, message, syscall } = Coded.safeParse(error).data ?? {}
  if (message === undefined || code === undefined) return error
  if (name === 'TransportError' || syscall === 'listen') {
    return new CliError(EXIT.unavailable, code, `${message}. Choose another with --port, --api-port or --listen`, {
      cause: error,
    })
  }
  if (name === 'BlacklistError') return new CliError(EXIT.usage, code, message, { cause: error })
  if (name === 'DatabaseError')
    return new CliError(code === 'in-use' ? EXIT.profileInUse : EXIT.internal, code, message, { cause: error })
  if (name === 'BackupError') {
    const exit = code === 'wrong-passphrase' ? EXIT.keyChanged : code === 'damaged-backup' ? EXIT.io : EXIT.refused
    return new CliError(exit, code, message, { cause: error })
  }
  return systemErrorCode(error) === undefined ? error : new CliError(EXIT.io, code, message, { cause: error })
}
