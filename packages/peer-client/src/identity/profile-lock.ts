import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { systemErrorCode } from '@parley/shared/system-error.ts'
import Sqlite from 'better-sqlite3'
import { PROFILE_FILES } from './profile-directory.ts'
import { ProfileError } from './profile-error.ts'

/**
 * One process at a time works on a profile. The lock is SQLite's own on a file that holds nothing: the system frees it when the
 * process ends, however it ends, and the data file stays open to readers beside the daemon.
 */
export class ProfileLock implements Disposable {
  readonly #lock: Sqlite.Database

  /** Throws ProfileError `profile-in-use`. */
  constructor(directory: string) {
    const file = join(directory, PROFILE_FILES.lock)
    const lock = new Sqlite(file, { timeout: 0 })
    try {
      chmodSync(file, 0o600)
      lock.pragma('locking_mode = EXCLUSIVE')
      lock.exec('BEGIN EXCLUSIVE')
    } catch (error) {
      lock.close()
      if (systemErrorCode(error)?.startsWith('SQLITE_BUSY') !== true) throw error
      throw new ProfileError('profile-in-use', `another process is working with the profile in ${directory}`, {
        cause: error,
      })
    }
    this.#lock = lock
  }

  /** Safe to call twice. */
  release(): void {
    this.#lock.close()
  }

  [Symbol.dispose](): void {
    this.release()
  }
}
