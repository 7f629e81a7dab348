import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DirectoryKey } from '@parley/shared/ids.ts'
import { importPrivateKey, keyPairOf } from '@parley/shared/keys.ts'
import Sqlite from 'better-sqlite3'
import { complaintsOf } from './backup.ts'
import { refuseWider } from './data-dir.ts'
import { MIGRATIONS } from './migrations.ts'
import { SettingsTable } from './settings-table.ts'

export interface Inspection {
  /** Files that others can read, or that are not ours, each as a sentence. */
  readonly unsafe: readonly string[]
  readonly schema: number
  readonly knownSchema: number
  readonly complaints: readonly string[]
  readonly walBytes: number
  /** Of the directory, as the database has it. */
  readonly publicKey: string | undefined
  readonly key: 'fits' | 'missing' | 'unreadable' | 'another'
  /** Unix milliseconds by the clock of the file system. */
  readonly writtenAt: number
}

/** Looks at a data directory without changing anything in it, whether a directory runs on it or not. Undefined: there is none. */
export function inspectStore(dataDir: string): Inspection | undefined {
  const path = join(dataDir, 'directory.sqlite')
  if (!existsSync(path)) return undefined
  const wal = statSync(`${path}-wal`, { throwIfNoEntry: false })
  const keyPath = join(dataDir, 'directory.key')
  const files = [dataDir, path, ...(existsSync(keyPath) ? [keyPath] : [])]
  const database = new Sqlite(path, { readonly: true, fileMustExist: true })
  try {
    const publicKey = new SettingsTable(database).get('directory-key')
    return {
      unsafe: files.flatMap(widthOf),
      schema: Number(database.pragma('user_version', { simple: true })),
      knownSchema: MIGRATIONS.length,
      complaints: complaintsOf(database),
      walBytes: wal?.size ?? 0,
      publicKey,
      key: judgeKey(keyPath, publicKey),
      writtenAt: Math.max(statSync(path).mtimeMs, wal?.mtimeMs ?? 0),
    }
  } finally {
    database.close()
  }
}

function widthOf(path: string): string[] {
  try {
    refuseWider(path)
    return []
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)]
  }
}

function judgeKey(path: string, expected: string | undefined): Inspection['key'] {
  if (!existsSync(path)) return 'missing'
  try {
    const { publicKey } = keyPairOf(DirectoryKey, importPrivateKey(readFileSync(path, 'utf8').trim()))
    return expected === undefined || publicKey === expected ? 'fits' : 'another'
  } catch {
    return 'unreadable'
  }
}
