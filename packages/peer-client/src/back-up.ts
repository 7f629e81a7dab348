// The composition of a backup: what lies in the files of a profile, and what its database holds.
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { exportPrivateKey } from '@parley/shared/keys.ts'
import { systemErrorCode } from '@parley/shared/system-error.ts'
import { BackupError } from '#backup/backup-error.ts'
import type { SavedIdentity } from '#backup/backup-format.ts'
import { type Backup, writeBackup } from '#backup/write-backup.ts'
import { loadIdentity } from '#identity/identity.ts'
import { checkNewPassphrase, unlockProfile } from '#identity/passphrase.ts'
import { checkProfileDirectory, PROFILE_FILES } from '#identity/profile-directory.ts'
import type { ProfileKey } from '#identity/profile-key.ts'
import { readSecretFile } from '#identity/secret-file.ts'
import { loadSettings } from '#identity/settings.ts'

export interface BackUpOptions {
  readonly profile: string
  readonly file: string
  /** Of the profile, when it has one. */
  readonly current: () => string | undefined | Promise<string | undefined>
  /** For the backup, when the profile has none. */
  readonly fresh: () => string | Promise<string>
  readonly workFactor?: number | undefined
  readonly now?: () => number
  readonly progress?: ((done: number, total: number) => void) | undefined
}

/**
 * Writes all that another machine needs to go on as this account, encrypted with the passphrase of the profile. The peer may be
 * running. Rejects with ProfileError, BackupError, or RangeError for a passphrase that is too short.
 */
export async function backUpProfile(options: BackUpOptions): Promise<Backup> {
  const { profile, file, current, fresh, workFactor, now = Date.now, progress } = options
  await checkProfileDirectory(profile)
  const database = join(profile, PROFILE_FILES.data)
  if (!existsSync(database))
    throw new BackupError('never-started', `the peer of ${profile} was never started: there is nothing to back up yet`)
  let given: string | undefined
  const key = await unlockProfile(profile, async () => {
    given = await current()
    return given
  })
  const passphrase = given ?? (await fresh())
  checkNewPassphrase(passphrase)
  const identity = await savedIdentity(profile, key)
  return writeBackup({ database, key: key?.database, identity, file, passphrase, now: now(), workFactor, progress })
}

async function savedIdentity(profile: string, key: ProfileKey | undefined): Promise<SavedIdentity> {
  const { accountId, account, rotations, device, signalIdentity, certificate, ...rest } = await loadIdentity(
    profile,
    key,
  )
  const registrationToken = await textOf(readSecretFile(join(profile, PROFILE_FILES.registrationToken), key))
  const blacklist = await textOf(readFile(join(profile, PROFILE_FILES.blacklist), 'utf8'))
  return {
    accountId,
    accountPrivateKey: exportPrivateKey(account.privateKey),
    rotations: [...rotations],
    name: rest.name,
    displayName: rest.displayName,
    device: { deviceKey: device.publicKey, certificate, signalIdentity: signalIdentity.publicKey },
    revokes: [...rest.revokes],
    settings: await loadSettings(profile),
    ...(registrationToken !== undefined && { registrationToken }),
    ...(blacklist !== undefined && { blacklist }),
  }
}

async function textOf(reading: Promise<string>): Promise<string | undefined> {
  try {
    return await reading
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error
    return undefined
  }
}
