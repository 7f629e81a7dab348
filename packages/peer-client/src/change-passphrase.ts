import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { checkNewPassphrase, keyFileText, type PassphraseCost, unlockProfile } from '#identity/passphrase.ts'
import { writePrivateFile } from '#identity/private-file.ts'
import { checkProfileDirectory, PROFILE_FILES } from '#identity/profile-directory.ts'
import { ProfileKey } from '#identity/profile-key.ts'
import { ProfileLock } from '#identity/profile-lock.ts'
import { readSecretFile, writeSecretFile } from '#identity/secret-file.ts'
import { changeTogether, finishChange } from '#identity/staged-change.ts'
import { copyEncrypted } from '#store/reencrypt.ts'

export interface PassphraseChange {
  readonly profile: string
  /** Asked for when the profile has a passphrase. */
  readonly current: () => string | undefined | Promise<string | undefined>
  /** Undefined: none, from then on. Asked for once the current one was right. */
  readonly next: () => string | undefined | Promise<string | undefined>
  readonly cost?: PassphraseCost | undefined
}

const SECRET_FILES = [PROFILE_FILES.identity, PROFILE_FILES.registrationToken]

/**
 * Sets, changes or removes the passphrase: everything is encrypted anew with a new key, so that the passphrase before opens nothing
 * that is written from then on. Whenever it is interrupted, either the old or the new passphrase opens the profile. Throws
 * ProfileError, RangeError for a bad new passphrase, or DatabaseError.
 */
export async function changePassphrase({ profile, current, next, cost }: PassphraseChange): Promise<'set' | 'removed'> {
  await checkProfileDirectory(profile)
  using _lock = new ProfileLock(profile)
  await finishChange(profile)
  const oldKey = await unlockProfile(profile, current)
  const passphrase = await next()
  if (passphrase !== undefined) checkNewPassphrase(passphrase)
  const newKey = passphrase === undefined ? undefined : ProfileKey.random()
  const files = await readdir(profile)
  await changeTogether(profile, async (directory) => {
    const replace: string[] = []
    for (const name of SECRET_FILES.filter((one) => files.includes(one))) {
      const text = await readSecretFile(join(profile, name), oldKey)
      await writeSecretFile(join(directory, name), text, newKey, { replace: false })
      replace.push(name)
    }
    const from = join(profile, PROFILE_FILES.data)
    if (existsSync(from)) {
      const to = join(directory, PROFILE_FILES.data)
      copyEncrypted({ from, key: oldKey?.database, to, newKey: newKey?.database })
      replace.push(PROFILE_FILES.data)
    }
    if (newKey === undefined || passphrase === undefined) return { remove: [...SIDE_FILES, PROFILE_FILES.key], replace }
    const keyFile = await keyFileText(newKey, passphrase, cost)
    await writePrivateFile(join(directory, PROFILE_FILES.key), keyFile, { replace: false })
    return { remove: [...SIDE_FILES, ...LOGS], replace: [...replace, PROFILE_FILES.key] }
  })
  return newKey === undefined ? 'removed' : 'set'
}

/** Of the database that is replaced. */
const SIDE_FILES = [`${PROFILE_FILES.data}-wal`, `${PROFILE_FILES.data}-shm`]
/** Whom one talks with stands in them. */
const LOGS = [PROFILE_FILES.log, `${PROFILE_FILES.log}.1`]
