import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { DirectoryKey } from '@parley/shared/ids.ts'
import { exportPrivateKey, generateKeyPair, importPrivateKey, type KeyPair, keyPairOf } from '@parley/shared/keys.ts'
import { refuseWider, syncDirectory } from './data-dir.ts'
import type { SettingsTable } from './settings-table.ts'
import { StoreError } from './store-error.ts'

const SETTING = 'directory-key'

/**
 * The directory's key pair, made on the first start. All that people sign names this key, so a database whose key is gone or
 * was exchanged is refused (`wrong-directory-key`) instead of being given another identity.
 */
export function loadDirectoryKey(dataDir: string, settings: SettingsTable): KeyPair<DirectoryKey> {
  const path = join(dataDir, 'directory.key')
  const expected = settings.get(SETTING)
  if (!existsSync(path)) {
    if (expected !== undefined) {
      throw new StoreError('wrong-directory-key', `${path} is missing; restore it from a backup`)
    }
    writeKey(dataDir, path)
  }
  const pair = readKey(path)
  if (expected === undefined) settings.put(SETTING, pair.publicKey)
  else if (expected !== pair.publicKey) {
    throw new StoreError('wrong-directory-key', `${path} is not the key of this database; restore it from a backup`)
  }
  return pair
}

function readKey(path: string): KeyPair<DirectoryKey> {
  refuseWider(path)
  try {
    return keyPairOf(DirectoryKey, importPrivateKey(readFileSync(path, 'utf8').trim()))
  } catch (error) {
    throw new StoreError('wrong-directory-key', `${path} does not hold an Ed25519 key`, { cause: error })
  }
}

/** Under its final name only when it is complete and on disk. */
function writeKey(dataDir: string, path: string): void {
  const draft = `${path}.new`
  rmSync(draft, { force: true })
  const handle = openSync(draft, 'wx', 0o600)
  try {
    writeSync(handle, `${exportPrivateKey(generateKeyPair(DirectoryKey).privateKey)}\n`)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  renameSync(draft, path)
  syncDirectory(dataDir)
}
