// The composition of a restore: a new device of the account, with the history of the one that the backup is of.
import { randomBytes } from 'node:crypto'
import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { AccountId, DeviceKey, Name } from '@parley/shared/ids.ts'
import { AccountKey } from '@parley/shared/ids.ts'
import { importPrivateKey, keyPairOf } from '@parley/shared/keys.ts'
import { systemErrorCode } from '@parley/shared/system-error.ts'
import type { SavedIdentity } from '#backup/backup-format.ts'
import { goOnAsNewDevice } from '#backup/go-on.ts'
import { openBackup } from '#backup/read-backup.ts'
import { restoreDatabase } from '#backup/restore-database.ts'
import { generateSignalIdentity } from '#encryption/signal-identity.ts'
import { addDevice, type Identity, saveIdentity } from '#identity/identity.ts'
import { keyFileText, type PassphraseCost } from '#identity/passphrase.ts'
import { syncDirectory, writePrivateFile } from '#identity/private-file.ts'
import { makeProfileDirectory, PROFILE_FILES, profilePath } from '#identity/profile-directory.ts'
import { ProfileError } from '#identity/profile-error.ts'
import { ProfileKey } from '#identity/profile-key.ts'
import { writeSecretFile } from '#identity/secret-file.ts'
import { saveSettings } from '#identity/settings.ts'
import { openStore } from '#store/store.ts'

export interface RestoreOptions {
  readonly file: string
  /** Where the profile is made; by default in the usual place, under the name that the backup has. */
  readonly profile?: string | undefined
  readonly passphrase: string
  /** Of the new profile, when the one in the backup had a passphrase. */
  readonly cost?: PassphraseCost | undefined
  readonly now?: () => number
  readonly progress?: ((done: number, total: number) => void) | undefined
}

export interface Restored {
  readonly path: string
  readonly name: Name
  readonly account: AccountId
  readonly device: DeviceKey
  /** The device that the backup is of; it is revoked. */
  readonly predecessor: DeviceKey
  readonly madeAt: number
  readonly isEncrypted: boolean
  readonly messages: number
  readonly contacts: number
  /** Messages that had not arrived, and are sent again. */
  readonly sentAgain: number
}

/** Makes a profile of a backup, or leaves nothing behind. Rejects with BackupError, or ProfileError `profile-exists`. */
export async function restoreProfile(options: RestoreOptions): Promise<Restored> {
  const { file, passphrase, cost, now = Date.now, progress } = options
  const { header, identity: saved, parts } = await openBackup(file, passphrase)
  const path = profilePath({ name: saved.name, directory: options.profile })
  await makeProfileDirectory(path)
  const draft = `${path}.${randomBytes(6).toString('hex')}.partial`
  await mkdir(draft, { mode: 0o700 })
  try {
    const key = header.isEncrypted ? ProfileKey.random() : undefined
    const identity = await newDevice(saved, now)
    const database = join(draft, PROFILE_FILES.data)
    await restoreDatabase({ file: database, key: key?.database, header, parts, progress })
    const counts = goOn(database, key, identity, saved, now())
    if (key !== undefined) {
      const text = await keyFileText(key, passphrase, cost)
      await writePrivateFile(join(draft, PROFILE_FILES.key), text, { replace: false })
    }
    await saveFiles(draft, saved, key)
    // Last: only with it is the directory a profile.
    await saveIdentity(draft, identity, key)
    await moveTo(path, draft)
    const { name, isEncrypted, madeAt } = header
    const device = identity.device.publicKey
    const { deviceKey: predecessor } = saved.device
    return { path, name, account: saved.accountId, device, predecessor, madeAt, isEncrypted, ...counts }
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    throw error
  }
}

function newDevice(saved: SavedIdentity, now: () => number): Promise<Identity> {
  const { accountId, rotations, name, displayName } = saved
  return addDevice({
    accountId,
    account: keyPairOf(AccountKey, importPrivateKey(saved.accountPrivateKey)),
    rotations,
    name,
    displayName,
    revokes: [...saved.revokes, saved.device.deviceKey],
    signalIdentity: generateSignalIdentity(),
    now,
  })
}

function goOn(
  file: string,
  key: ProfileKey | undefined,
  identity: Identity,
  { device: { deviceKey: device, ...rest } }: SavedIdentity,
  at: number,
): Pick<Restored, 'messages' | 'contacts' | 'sentAgain'> {
  const store = openStore(file, () => undefined, key?.database)
  try {
    const me = { account: identity.accountId, device: identity.device.publicKey }
    const goingOn = store.database.transaction(() => goOnAsNewDevice(store, me, { device, ...rest }, randomBytes, at))
    const sentAgain = goingOn.immediate()
    const messages = store.database.prepare<[], number>('SELECT count(*) FROM messages').pluck().get() ?? 0
    return { messages, contacts: store.contacts.all().length, sentAgain }
  } finally {
    store.close()
  }
}

async function saveFiles(directory: string, saved: SavedIdentity, key: ProfileKey | undefined): Promise<void> {
  const { settings, registrationToken, blacklist } = saved
  await saveSettings(directory, settings)
  if (registrationToken !== undefined) {
    const path = join(directory, PROFILE_FILES.registrationToken)
    await writeSecretFile(path, registrationToken, key, { replace: false })
  }
  if (blacklist !== undefined)
    await writePrivateFile(join(directory, PROFILE_FILES.blacklist), blacklist, { replace: false })
}

/** An empty directory gives way; anything else that got there meanwhile stays. */
async function moveTo(path: string, draft: string): Promise<void> {
  try {
    await rename(draft, path)
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(systemErrorCode(error) ?? '')) throw error
    throw new ProfileError('profile-exists', `${path} is in use for something else: choose another --profile`, {
      cause: error,
    })
  }
  await syncDirectory(dirname(path))
}
