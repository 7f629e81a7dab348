// Encryption at rest, page by page, by SQLite3 Multiple Ciphers: ChaCha20-Poly1305 in database and WAL.
import { closeSync, openSync, readSync } from 'node:fs'
import { toHex } from '@parley/shared/bytes.ts'
import { systemErrorCode } from '@parley/shared/system-error.ts'
import type { Database } from 'better-sqlite3'
import { DatabaseError } from './database-error.ts'

/** 32 bytes from a good source of randomness: no pass of a key derivation is spent on it. */
export type DatabaseKey = Uint8Array

/** Before anything else is asked of the database. Throws DatabaseError `wrong-key`. */
export function unlockDatabase(database: Database, key: DatabaseKey | undefined): void {
  if (key !== undefined) {
    database.pragma(`cipher = 'chacha20'`)
    database.pragma(`key = '${keyText(key)}'`)
    // What is sorted and does not fit would be written to a file that nothing encrypts.
    database.pragma('temp_store = MEMORY')
  }
  try {
    database.prepare('SELECT count(*) FROM sqlite_schema').get()
  } catch (error) {
    if (key === undefined || systemErrorCode(error) !== 'SQLITE_NOTADB') throw error
    throw new DatabaseError('wrong-key', 'the database is encrypted with another key than this one, or with none', {
      cause: error,
    })
  }
}

/** As the library wants it: these very bytes, and not what a derivation makes of them. */
export function keyText(key: DatabaseKey | undefined): string {
  return key === undefined ? '' : `raw:${toHex(key)}`
}

/** Whether anybody can read the file. False when there is nothing in it. */
export function isPlainDatabase(file: string): boolean {
  const header = Buffer.alloc(PLAIN_HEADER.length)
  const descriptor = openSync(file, 'r')
  try {
    readSync(descriptor, header)
  } finally {
    closeSync(descriptor)
  }
  return header.equals(PLAIN_HEADER)
}

const PLAIN_HEADER = Buffer.from('SQLite format 3\0')
