import { chmodSync, closeSync, fsyncSync, openSync, rmSync } from 'node:fs'
import Sqlite from 'better-sqlite3'
import { DatabaseError } from './database-error.ts'
import { type DatabaseKey, isPlainDatabase, keyText, unlockDatabase } from './database-key.ts'

interface Copying {
  readonly from: string
  readonly key: DatabaseKey | undefined
  /** Must not exist. */
  readonly to: string
  readonly newKey: DatabaseKey | undefined
}

/**
 * A copy of a database under another key, or under none, whole and on the disk when it returns. What was deleted in the original
 * is not in it. The original is left with all that was in its WAL, and without one; nobody else may have it open. Throws
 * DatabaseError.
 */
export function copyEncrypted({ from, key, to, newKey }: Copying): void {
  withdrawWal(from, key)
  // A database that is attached without a key has that of the main one, and so has the copy that VACUUM attaches.
  const scratch = `${to}.scratch`
  const main = new Sqlite(scratch)
  try {
    unlockDatabase(main, newKey)
    main.exec('CREATE TABLE key_is_in_force (x)')
    main.prepare('ATTACH ? AS original KEY ?').run(from, keyText(key))
    main.prepare('VACUUM original INTO ?').run(to)
  } finally {
    main.close()
    rmSync(scratch, { force: true })
  }
  chmodSync(to, 0o600)
  prove(to, newKey)
  sync(to)
}

function withdrawWal(file: string, key: DatabaseKey | undefined): void {
  const database = new Sqlite(file, { fileMustExist: true })
  try {
    unlockDatabase(database, key)
    if (database.pragma('journal_mode = DELETE', { simple: true }) !== 'delete')
      throw new DatabaseError('in-use', 'another program reads the database: end it and try again')
  } finally {
    database.close()
  }
}

function prove(file: string, key: DatabaseKey | undefined): void {
  if (isPlainDatabase(file) !== (key === undefined)) {
    throw new DatabaseError('not-encrypted', 'the copy is not encrypted as it should be; the original is as it was')
  }
  const copy = new Sqlite(file, { readonly: true, fileMustExist: true })
  try {
    unlockDatabase(copy, key)
    const found = copy.pragma('quick_check(1)', { simple: true })
    if (found !== 'ok') throw new DatabaseError('not-encrypted', `the copy is damaged (${String(found)})`)
  } finally {
    copy.close()
  }
}

/** VACUUM leaves it to the system when the copy gets to the disk. */
function sync(file: string): void {
  const descriptor = openSync(file, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
