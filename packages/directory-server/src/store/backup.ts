import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  rmSync,
  statSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import Sqlite, { type Database } from 'better-sqlite3'
import { syncDirectory } from './data-dir.ts'
import { StoreError } from './store-error.ts'

export interface BackupOptions {
  readonly dataDir: string
  /** Must not exist; the key goes beside it, as `FILE.key`. */
  readonly file: string
  readonly withKey: boolean
  readonly progress: (share: number) => void
}

export interface Backup {
  readonly file: string
  readonly keyFile: string | undefined
  readonly bytes: number
  /** Names that are registered in it. */
  readonly names: number
}

/** Of the database, between two looks at the progress. */
const STEP_PAGES = 2_000

/**
 * Copies the database as it is at this moment, while a directory runs on it or not, and proves the copy. It bears its name only
 * when it is complete and on disk. Rejects with StoreError `no-database`, `file-exists` or `failed`.
 */
export async function backUp({ dataDir, withKey, progress, ...options }: BackupOptions): Promise<Backup> {
  const source = join(dataDir, 'directory.sqlite')
  const file = resolve(options.file)
  const keyFile = withKey ? `${file}.key` : undefined
  if (!existsSync(source)) throw new StoreError('no-database', `there is no directory in ${dataDir}`)
  for (const path of [file, keyFile]) {
    if (path !== undefined && existsSync(path)) throw new StoreError('file-exists', `${path} exists; choose another`)
  }
  const draft = `${file}.partial`
  // Whoever made a file of this name is still at it, or was killed.
  closeSync(openExclusively(draft))
  try {
    await copy(source, draft, progress)
    const names = prove(draft)
    sync(draft)
    if (keyFile !== undefined) copyKey(join(dataDir, 'directory.key'), keyFile)
    try {
      // Unlike a rename, a link never replaces what got there meanwhile.
      linkSync(draft, file)
    } catch (error) {
      if (keyFile !== undefined) rmSync(keyFile)
      throw error
    }
    return { file, keyFile, bytes: statSync(file).size, names }
  } finally {
    rmSync(draft, { force: true })
    syncDirectory(dirname(file))
  }
}

async function copy(source: string, target: string, progress: (share: number) => void): Promise<void> {
  const database = new Sqlite(source, { readonly: true, fileMustExist: true })
  try {
    // One snapshot for all steps: otherwise each commit of the running directory begins the copy anew.
    database.exec('BEGIN')
    database.prepare('SELECT COUNT(*) FROM settings').get()
    await database.backup(target, {
      progress: ({ totalPages, remainingPages }) => {
        progress(totalPages === 0 ? 0 : 1 - remainingPages / totalPages)
        return STEP_PAGES
      },
    })
    progress(1)
  } finally {
    database.close()
  }
}

/** The names in the copy. Throws `failed` unless all of it is sound. */
function prove(path: string): number {
  const database = new Sqlite(path)
  try {
    // One file, without a log beside it.
    database.pragma('journal_mode = DELETE')
    const complaints = complaintsOf(database)
    if (complaints.length > 0) throw new StoreError('failed', `the copy is damaged: ${complaints.join('; ')}`)
    return database.prepare<[], number>('SELECT COUNT(*) FROM users WHERE retired_at IS NULL').pluck().get() ?? 0
  } finally {
    database.close()
  }
}

/** What SQLite finds wrong with it; empty when it is sound. */
export function complaintsOf(database: Database): string[] {
  const found = database.prepare<[], string>('PRAGMA integrity_check(5)').pluck().all()
  return found.filter((line) => line !== 'ok')
}

function copyKey(source: string, target: string): void {
  copyFileSync(source, target, constants.COPYFILE_EXCL)
  sync(target)
}

function sync(path: string): void {
  const handle = openSync(path, 'r+')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

function openExclusively(path: string): number {
  try {
    return openSync(path, 'wx', 0o600)
  } catch (cause) {
    if (!existsSync(path)) throw cause
    const sentence = `${path} exists: another backup is being made, or was cut short; then delete it`
    throw new StoreError('file-exists', sentence, { cause })
  }
}
