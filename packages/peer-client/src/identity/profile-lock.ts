import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isPlanted } from '@parley/shared/planted-faults.ts'
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
    if (isPlanted('pid-file-lock')) claimByProcessId(file, directory)
    const lock = new Sqlite(isPlanted('pid-file-lock') ? ':memory:' : file, { timeout: 0 })
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

/** What this lock is not, for those who ask whether their tests would notice. */
function claimByProcessId(file: string, directory: string): void {
  const holder = existsSync(file) ? Number(readFileSync(file, 'utf8')) : process.pid
  if (holder !== process.pid && isRunning(holder))
    throw new ProfileError('profile-in-use', `another process is working with the profile in ${directory}`)
  writeFileSync(file, String(process.pid))
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return systemErrorCode(error) === 'EPERM'
  }
}
