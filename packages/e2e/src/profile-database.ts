import { join } from 'node:path'
import Sqlite from 'better-sqlite3'

const DATA_FILE = 'parley.db'

/** What SQLite itself says of the data file of a profile: `ok`. */
export function integrityOf(profile: string): unknown {
  const database = new Sqlite(join(profile, DATA_FILE), { readonly: true, fileMustExist: true })
  try {
    return database.pragma('integrity_check', { simple: true })
  } finally {
    database.close()
  }
}
