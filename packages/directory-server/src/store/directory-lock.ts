import { join } from 'node:path'
import Sqlite, { type Database } from 'better-sqlite3'
import { touchPrivate } from './data-dir.ts'
import { sqliteCodeOf } from './sqlite-code.ts'
import { StoreError } from './store-error.ts'

/** Held while one process uses a data directory. */
export interface DirectoryLock {
  release(): void
}

/**
 * An SQLite lock, because the system frees it however the process ends; and on a file of its own, because an exclusive lock
 * on the database would keep every reader out. Throws `data-dir-in-use`.
 */
export function lockDataDir(dataDir: string): DirectoryLock {
  const path = join(dataDir, 'directory.lock')
  touchPrivate(path)
  const database = new Sqlite(path, { timeout: 0 })
  try {
    hold(database)
  } catch (error) {
    database.close()
    if (sqliteCodeOf(error).startsWith('SQLITE_BUSY')) {
      throw new StoreError('data-dir-in-use', `another directory is already running on ${dataDir}`, { cause: error })
    }
    throw error
  }
  return { release: () => database.close() }
}

function hold(database: Database): void {
  database.pragma('locking_mode = EXCLUSIVE')
  database.exec('BEGIN EXCLUSIVE')
}
