import { dirname } from 'node:path'
import Sqlite, { type Database } from 'better-sqlite3'
import { syncDirectory, touchPrivate } from './data-dir.ts'
import type { Transactions } from './group-commit.ts'
import { keepPlans } from './keep-plans.ts'
import { MIGRATIONS } from './migrations.ts'
import { StoreError } from './store-error.ts'

const BUSY_TIMEOUT_MS = 5_000
const SYNCHRONOUS_FULL = 2
/** Page cache. SQLite's own 2 MB are less than the indexes of 100,000 users, and each write then reads them again. */
const CACHE_KIB = 32_768
/** 4 KiB each. A page that is written often is copied back once in so many: a registration touches some thirty. */
const PAGES_BETWEEN_CHECKPOINTS = 4_000

/** Opens or creates the database, readable by us alone, with every setting that durability rests on, and up to date. */
export function openDatabase(path: string): Database {
  // SQLite gives the -wal and -shm files the mode of the database file, so this one call covers all three.
  touchPrivate(path)
  syncDirectory(dirname(path))
  const database = new Sqlite(path, { timeout: BUSY_TIMEOUT_MS })
  try {
    configure(database)
    migrate(database, MIGRATIONS)
    keepPlans(database)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

function configure(database: Database): void {
  database.pragma('journal_mode = WAL')
  // better-sqlite3 compiles WAL to NORMAL, which loses acknowledged commits in a power cut.
  database.pragma('synchronous = FULL')
  database.pragma('foreign_keys = ON')
  database.pragma('trusted_schema = OFF')
  database.pragma('secure_delete = ON')
  database.pragma('temp_store = MEMORY')
  database.pragma(`cache_size = -${CACHE_KIB}`)
  database.pragma(`wal_autocheckpoint = ${PAGES_BETWEEN_CHECKPOINTS}`)
  const settings = [
    ['journal_mode', 'wal'],
    ['synchronous', SYNCHRONOUS_FULL],
    ['foreign_keys', 1],
    ['trusted_schema', 0],
    ['secure_delete', 1],
  ] as const
  for (const [name, expected] of settings) {
    const actual = database.pragma(name, { simple: true })
    if (actual !== expected) {
      throw new StoreError('unsafe-settings', `SQLite keeps ${name} at ${String(actual)} instead of ${expected}`)
    }
  }
}

/** Forward only: `user_version` counts the steps that were taken. All that are missing or none, with one fsync. Throws `newer-database`. */
export function migrate(database: Database, steps: readonly string[]): void {
  const taken = Number(database.pragma('user_version', { simple: true }))
  if (taken > steps.length) {
    throw new StoreError(
      'newer-database',
      `this database has schema ${taken}, this version of Parley knows ${steps.length}; install the newer version again`,
    )
  }
  if (taken === steps.length) return
  database.transaction(() => {
    for (const step of steps.slice(taken)) database.exec(step)
    database.pragma(`user_version = ${steps.length}`)
  })()
}

export function transactionsOf(database: Database): Transactions {
  const begin = database.prepare('BEGIN IMMEDIATE')
  const commit = database.prepare('COMMIT')
  const rollback = database.prepare('ROLLBACK')
  return {
    begin: () => void begin.run(),
    commit: () => void commit.run(),
    // Some errors roll back by themselves (sqlite.org/lang_transaction.html, "Response to errors").
    rollback: () => void (database.inTransaction && rollback.run()),
  }
}
