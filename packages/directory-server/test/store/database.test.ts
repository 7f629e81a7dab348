import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { directoryLimits } from '#limits/directory-limits.ts'
import { migrate, openDatabase } from '#store/database.ts'
import { openStore } from '#store/store.ts'
import type { StoreError } from '#store/store-error.ts'

async function scratch() {
  const dir = await mkdtemp(join(tmpdir(), 'parley-store-'))
  return { dir, [Symbol.asyncDispose]: () => rm(dir, { recursive: true }) }
}

function open(dataDir: string) {
  return openStore({ dataDir, limits: directoryLimits(), onFailed: () => {}, touched: () => {} })
}

const codeIs = (code: StoreError['code']) => expect.objectContaining({ name: 'StoreError', code })

describe('the database', () => {
  test('has the settings that durability and privacy rest on', async () => {
    await using place = await scratch()
    const database = openDatabase(join(place.dir, 'test.sqlite'))
    const setting = (name: string) => database.pragma(name, { simple: true })

    // 2 is FULL: a commit is on disk before it is answered.
    expect(setting('synchronous')).toBe(2)
    expect(setting('journal_mode')).toBe('wal')
    expect(['foreign_keys', 'trusted_schema', 'secure_delete'].map(setting)).toEqual([1, 0, 1])
    database.close()
  })

  test('takes each step of its schema once, in order, and never a newer schema', async () => {
    await using place = await scratch()
    const database = openDatabase(join(place.dir, 'test.sqlite'))
    database.pragma('user_version = 0')
    const steps = ['CREATE TABLE one (n INTEGER) STRICT', 'ALTER TABLE one ADD COLUMN m INTEGER']

    migrate(database, steps.slice(0, 1))
    migrate(database, steps)
    migrate(database, steps)
    database.exec('INSERT INTO one (n, m) VALUES (1, 2)')

    expect(database.pragma('user_version', { simple: true })).toBe(2)
    expect(() => migrate(database, steps.slice(0, 1))).toThrow(codeIs('newer-database'))
    database.close()
  })

  test('a step that fails leaves nothing of itself', async () => {
    await using place = await scratch()
    const database = openDatabase(join(place.dir, 'test.sqlite'))
    database.pragma('user_version = 0')

    expect(() => migrate(database, ['CREATE TABLE two (n INTEGER) STRICT; nonsense'])).toThrow('syntax error')
    expect(database.prepare("SELECT name FROM sqlite_schema WHERE name = 'two'").get()).toBeUndefined()
    expect(database.pragma('user_version', { simple: true })).toBe(0)
    database.close()
  })

  test('the log cannot be changed or shortened', async () => {
    await using place = await scratch()
    const database = openDatabase(join(place.dir, 'test.sqlite'))
    database.exec("INSERT INTO log (kind, entry) VALUES ('record', 'a')")

    expect(() => database.exec("UPDATE log SET entry = 'b'")).toThrow('append-only')
    expect(() => database.exec('DELETE FROM log')).toThrow('append-only')
    database.close()
  })
})

describe('the data directory', () => {
  test('is made for its owner alone, and so is every file in it', async () => {
    await using place = await scratch()
    const dataDir = join(place.dir, 'new', 'directory')
    const store = open(dataDir)

    const files = await readdir(dataDir)
    const modes = await Promise.all(files.map(async (file) => (await stat(join(dataDir, file))).mode & 0o777))
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700)
    expect(files).toEqual(expect.arrayContaining(['directory.key', 'directory.lock', 'directory.sqlite-wal']))
    expect(modes.every((mode) => mode === 0o600)).toBe(true)
    store.close()
    store.close()
  })

  test('that others can enter is refused, and so is a key that others can read', async () => {
    await using place = await scratch()
    const dataDir = join(place.dir, 'wide')
    await mkdir(dataDir)
    await chmod(dataDir, 0o750)
    expect(() => open(dataDir)).toThrow(codeIs('unsafe-data-dir'))

    await chmod(dataDir, 0o700)
    open(dataDir).close()
    await chmod(join(dataDir, 'directory.key'), 0o640)
    expect(() => open(dataDir)).toThrow(codeIs('unsafe-data-dir'))
  })

  test('serves one at a time, and a failed opening holds nothing', async () => {
    await using place = await scratch()
    const dataDir = join(place.dir, 'one')
    const first = open(dataDir)

    expect(() => open(dataDir)).toThrow(codeIs('data-dir-in-use'))
    first.close()
    open(dataDir).close()
  })

  test('keeps its key, and refuses a missing, broken or foreign one', async () => {
    await using place = await scratch()
    const dataDir = join(place.dir, 'keys')
    const path = join(dataDir, 'directory.key')
    const store = open(dataDir)
    store.close()
    const key = await readFile(path)
    const other = open(join(place.dir, 'other'))
    other.close()

    const again = open(dataDir)
    expect(again.key.publicKey).toBe(store.key.publicKey)
    again.close()
    await writeFile(path, await readFile(join(place.dir, 'other', 'directory.key')))
    expect(() => open(dataDir)).toThrow(codeIs('wrong-directory-key'))
    await writeFile(path, 'nonsense')
    expect(() => open(dataDir)).toThrow(codeIs('wrong-directory-key'))
    await rm(path)
    expect(() => open(dataDir)).toThrow(codeIs('wrong-directory-key'))
    await writeFile(path, key, { mode: 0o600 })
    open(dataDir).close()
  })
})
