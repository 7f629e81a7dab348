import { closeSync, fsyncSync, openSync } from 'node:fs'
import Sqlite, { type Database, type Statement } from 'better-sqlite3'
import { type DatabaseKey, unlockDatabase } from '#store/database-key.ts'
import { MIGRATIONS } from '#store/migrations.ts'
import { BackupError } from './backup-error.ts'
import type { Header, Part, SqlValue, TableStart } from './backup-format.ts'
import { KEPT } from './tables.ts'

interface Restoring {
  /** Must not exist. */
  readonly file: string
  readonly key: DatabaseKey | undefined
  readonly header: Header
  readonly parts: AsyncIterable<Part>
  readonly progress?: ((done: number, total: number) => void) | undefined
}

/** A database as the backup has it, at the schema of that time, on the disk when it resolves. Rejects with BackupError. */
export async function restoreDatabase({ file, key, header, parts, progress }: Restoring): Promise<void> {
  const steps = MIGRATIONS.slice(0, header.schema)
  if (steps.length < header.schema) {
    throw new BackupError('newer-backup', 'the backup was made by a newer Parley: restore it with one that is as new')
  }
  const database = new Sqlite(file)
  try {
    unlockDatabase(database, key)
    // It is nothing until it is whole, and fsynced at the end.
    database.pragma('journal_mode = OFF')
    database.pragma('synchronous = OFF')
    for (const step of steps) database.exec(step)
    database.pragma(`user_version = ${header.schema}`)
    const rows = await fill(database, parts, (done) => progress?.(done, header.rows))
    if (rows !== header.rows)
      throw new BackupError('damaged-backup', 'the backup does not hold as many rows as it says')
    if (database.prepare('PRAGMA foreign_key_check').get() !== undefined)
      throw new BackupError('damaged-backup', 'a row of the backup refers to one that is not there')
  } finally {
    database.close()
  }
  sync(file)
}

async function fill(database: Database, parts: AsyncIterable<Part>, progress: (done: number) => void): Promise<number> {
  let insert: Statement<SqlValue[]> | undefined
  let done = 0
  database.pragma('foreign_keys = OFF')
  database.exec('BEGIN')
  for await (const part of parts) {
    if (part.kind === 'end') {
      if (part.rows !== done) throw new BackupError('damaged-backup', 'rows of the backup are missing')
    } else if (part.kind === 'table') {
      insert = insertInto(database, part)
    } else {
      if (insert === undefined) throw new BackupError('damaged-backup', 'rows that belong to no table')
      for (const row of part.rows) insert.run(...row)
      done += part.rows.length
      progress(done)
    }
  }
  database.exec('COMMIT')
  return done
}

function insertInto(database: Database, { table, columns }: TableStart): Statement<SqlValue[]> {
  if (!KEPT.has(table))
    throw new BackupError('damaged-backup', `the backup has a table ${table}, which none should have`)
  return database.prepare(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`)
}

function sync(file: string): void {
  const descriptor = openSync(file, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
