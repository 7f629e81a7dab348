import { chmodSync } from 'node:fs'
import { isPlanted } from '@parley/shared/planted-faults.ts'
import Sqlite from 'better-sqlite3'
import { DatabaseError } from './database-error.ts'
import { type DatabaseKey, isPlainDatabase, unlockDatabase } from './database-key.ts'
import { MIGRATIONS } from './migrations.ts'

export type Database = Sqlite.Database

/**
 * Opens or makes the data file, durable on every commit, at the newest schema, encrypted if there is a key. `:memory:` serves
 * tests. Throws DatabaseError.
 */
export function openDatabase(file: string, key?: DatabaseKey): Database {
  const database = new Sqlite(file)
  try {
    if (file !== ':memory:') chmodSync(file, 0o600)
    unlockDatabase(database, key)
    database.pragma('journal_mode = WAL')
    // better-sqlite3 compiles WAL to NORMAL, which loses acknowledged rows when the power goes.
    database.pragma(`synchronous = ${isPlanted('synchronous-normal') ? 'NORMAL' : 'FULL'}`)
    database.pragma('foreign_keys = ON')
    database.pragma('trusted_schema = OFF')
    database.pragma('secure_delete = ON')
    database.pragma('busy_timeout = 5000')
    // Messages are written once and seldom read again: what is read often is small, and the rest the system keeps.
    database.pragma('cache_size = -8000')
    // Checkpoints copy each page once, however often it was written since: rarer ones copy less.
    database.pragma('wal_autocheckpoint = 4000')
    if (database.pragma('synchronous', { simple: true }) !== 2 && !isPlanted('synchronous-normal'))
      throw new DatabaseError('not-durable', 'SQLite refused synchronous=FULL')
    migrate(database)
    if (key !== undefined && isPlainDatabase(file))
      throw new DatabaseError('not-encrypted', `${file} should be encrypted, and is not`)
    keepPlans(database)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/**
 * Every statement prepared from here on keeps the plan that it was prepared with. SQLite, built to look at values (STAT4), compiles most
 * statements with a join, an order or a limit anew whenever a bare `?` of theirs is bound, which costs ten times what they do;
 * `+?` is the same value, found by the same index, and no plan depends on it.
 */
export function keepPlans(database: Database): void {
  const prepare = database.prepare.bind(database)
  Object.assign(database, { prepare: (sql: string) => prepare(sql.replaceAll('?', '+?')) })
}

/** For readers beside the daemon. Throws when the file does not exist, needs another key, or is newer than this program. */
export function openDatabaseReadonly(file: string, key?: DatabaseKey): Database {
  const database = new Sqlite(file, { readonly: true, fileMustExist: true })
  try {
    unlockDatabase(database, key)
    database.pragma('trusted_schema = OFF')
    database.pragma('busy_timeout = 5000')
    versionOf(database)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

function migrate(database: Database): void {
  database
    .transaction(() => {
      for (let version = versionOf(database); version < MIGRATIONS.length; version += 1) {
        const step = MIGRATIONS[version]
        if (step !== undefined) database.exec(step)
        database.pragma(`user_version = ${version + 1}`)
      }
    })
    .exclusive()
}

function versionOf(database: Database): number {
  const version = Number(database.pragma('user_version', { simple: true }))
  if (version > MIGRATIONS.length) {
    throw new DatabaseError(
      'newer-schema',
      `this profile was written by a newer Parley (schema ${version}, this one knows ${MIGRATIONS.length})`,
    )
  }
  return version
}
