import { randomBytes } from 'node:crypto'
import { link, open, stat, unlink } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { ReadableStream } from 'node:stream/web'
import { BACKUP_WORK_FACTOR, MAX_BACKUP_BATCH_BYTES } from '@parley/shared/limits.ts'
import { systemErrorCode } from '@parley/shared/system-error.ts'
import { Encrypter } from 'age-encryption'
import { syncDirectory } from '#identity/private-file.ts'
import { type Database, openDatabaseReadonly } from '#store/database.ts'
import type { DatabaseKey } from '#store/database-key.ts'
import { BackupError } from './backup-error.ts'
import { type Header, type SavedIdentity, savedValue } from './backup-format.ts'
import { KEPT } from './tables.ts'

export interface BackupOptions {
  readonly database: string
  readonly key: DatabaseKey | undefined
  readonly identity: SavedIdentity
  /** Must not exist. */
  readonly file: string
  readonly passphrase: string
  readonly now: number
  /** Base-2 logarithm of scrypt's N. */
  readonly workFactor?: number | undefined
  readonly progress?: ((done: number, total: number) => void) | undefined
}

export interface Backup {
  readonly file: string
  readonly bytes: number
  readonly messages: number
}

/**
 * The profile as it is at this moment, while its peer runs or not. The file bears its name only when it is complete and on the disk.
 * Row by row, so that memory does not grow with the history. Rejects with BackupError.
 */
export async function writeBackup(options: BackupOptions): Promise<Backup> {
  const file = resolve(options.file)
  await refuseExisting(file)
  const draft = `${file}.${randomBytes(6).toString('hex')}.partial`
  const database = openDatabaseReadonly(options.database, options.key)
  try {
    // All that is read is of the moment of the first read.
    database.exec('BEGIN')
    const encrypter = new Encrypter()
    encrypter.setPassphrase(options.passphrase.normalize('NFC'))
    encrypter.setScryptWorkFactor(options.workFactor ?? BACKUP_WORK_FACTOR)
    const lines = ReadableStream.from(linesOf(database, options))
    const bytes = await writeAll(draft, await encrypter.encrypt(lines))
    // Unlike a rename, a link never replaces what got there meanwhile.
    await link(draft, file).catch((error: unknown) => {
      throw systemErrorCode(error) === 'EEXIST' ? existing(file) : error
    })
    const messages = countOf(database, 'messages')
    return { file, bytes, messages }
  } finally {
    database.close()
    await unlink(draft).catch(() => undefined)
    await syncDirectory(dirname(file)).catch(() => undefined)
  }
}

async function refuseExisting(file: string): Promise<void> {
  const isThere = await stat(file).then(
    () => true,
    () => false,
  )
  if (isThere) throw existing(file)
}

function existing(file: string): BackupError {
  return new BackupError('file-exists', `${file} exists; choose another name, or remove it`)
}

async function writeAll(path: string, bytes: ReadableStream<Uint8Array>): Promise<number> {
  const file = await open(path, 'wx', 0o600)
  try {
    for await (const chunk of bytes) await file.writeFile(chunk)
    await file.sync()
    return (await file.stat()).size
  } finally {
    await file.close()
  }
}

function* linesOf(database: Database, { identity, key, now, progress }: BackupOptions): Generator<Uint8Array> {
  const tables = tablesOf(database)
  const total = tables.reduce((sum, { name }) => sum + countOf(database, name), 0)
  const header: Header = {
    format: 'parley-backup',
    v: 1,
    schema: Number(database.pragma('user_version', { simple: true })),
    madeAt: now,
    name: identity.name,
    isEncrypted: key !== undefined,
    rows: total,
  }
  yield line(header)
  yield line(identity)
  let done = 0
  for (const { name, columns } of tables) {
    yield line({ table: name, columns })
    for (const rows of batchesOf(database, name)) {
      yield Buffer.from(`{"rows":[${rows.join(',')}]}\n`)
      done += rows.length
      progress?.(done, total)
    }
  }
  yield line({ end: true, rows: done })
}

function line(value: unknown): Uint8Array {
  return Buffer.from(`${JSON.stringify(value)}\n`)
}

function* batchesOf(database: Database, table: string): Generator<string[]> {
  const rows = database.prepare<[], unknown[]>(`SELECT * FROM ${table}`).raw().safeIntegers()
  let batch: string[] = []
  let size = 0
  for (const row of rows.iterate()) {
    const text = JSON.stringify(row.map(savedValue))
    batch.push(text)
    size += text.length
    if (size < MAX_BACKUP_BATCH_BYTES) continue
    yield batch
    batch = []
    size = 0
  }
  if (batch.length > 0) yield batch
}

function tablesOf(database: Database): { name: string; columns: string[] }[] {
  const columns = database.prepare<[string], string>('SELECT name FROM pragma_table_info(?) ORDER BY cid').pluck()
  return [...KEPT].map((name) => ({ name, columns: columns.all(name) })).filter((table) => table.columns.length > 0)
}

function countOf(database: Database, table: string): number {
  return database.prepare<[], number>(`SELECT count(*) FROM ${table}`).pluck().get() ?? 0
}
