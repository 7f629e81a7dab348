import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { type Database, openDatabase, openDatabaseReadonly } from '#store/database.ts'
import { GroupCommit } from '#store/group-commit.ts'

function open(): { database: Database; commits: GroupCommit; broken: Error[]; values: () => string[] } {
  const database = openDatabase(':memory:')
  const broken: Error[] = []
  const commits = new GroupCommit(database, (error) => broken.push(error))
  const values = (): string[] =>
    database
      .prepare<[], { key: string }>('SELECT key FROM meta ORDER BY key')
      .all()
      .map(({ key }) => key)
  return { database, commits, broken, values }
}

describe('a group commit', () => {
  test('writes all that one turn asks for in one transaction', async () => {
    const { database, commits, values } = open()
    const insert = database.prepare<[string]>("INSERT INTO meta (key, value) VALUES (?, '')")
    const seen: boolean[] = []
    const results = await Promise.all(
      ['a', 'b', 'c'].map((key) =>
        commits.run(() => {
          seen.push(database.inTransaction)
          insert.run(key)
          return key
        }),
      ),
    )
    expect(results).toEqual(['a', 'b', 'c'])
    expect(seen).toEqual([true, true, true])
    expect(values()).toEqual(['a', 'b', 'c'])
  })

  test('leaves out the one that throws, and nothing of it stays', async () => {
    const { database, commits, values, broken } = open()
    const insert = database.prepare<[string]>("INSERT INTO meta (key, value) VALUES (?, '')")
    const outcomes = await Promise.allSettled([
      commits.run(() => insert.run('a')),
      commits.run(() => {
        insert.run('b')
        throw new Error('no')
      }),
      commits.run(() => insert.run('c')),
    ])
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(values()).toEqual(['a', 'c'])
    expect(broken).toEqual([])
  })

  test('that the disk refuses rejects everything, then and later, and says so once', async () => {
    const { database, commits, broken, values } = open()
    const insert = database.prepare<[string]>("INSERT INTO meta (key, value) VALUES (?, '')")
    database.pragma('max_page_count = 1')
    const big = 'x'.repeat(100_000)
    const first = await Promise.allSettled([commits.run(() => insert.run('small')), commits.run(() => insert.run(big))])
    expect(first.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    await expect(commits.run(() => insert.run('later'))).rejects.toThrow('cannot be written')
    expect(broken).toHaveLength(1)
    expect(values()).toEqual([])
  })

  test('that is closed refuses what comes too late, and takes nobody for a failing disk', async () => {
    const { database, commits, broken, values } = open()
    const insert = database.prepare<[string]>("INSERT INTO meta (key, value) VALUES (?, '')")
    const inTime = commits.run(() => insert.run('in time'))
    commits.close()
    expect(values()).toEqual(['in time'])
    await inTime
    database.close()
    await expect(commits.run(() => insert.run('too late'))).rejects.toMatchObject({ code: 'closed' })
    expect(broken).toEqual([])
  })

  test('is durable before its promise resolves: another connection sees it', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'parley-commit-'))
    try {
      const file = join(directory, 'parley.db')
      const database = openDatabase(file)
      const commits = new GroupCommit(database, (error) => {
        throw error
      })
      await commits.run(() => database.prepare("INSERT INTO meta (key, value) VALUES ('a', '1')").run())
      const reader = openDatabaseReadonly(file)
      expect(reader.prepare('SELECT count(*) AS n FROM meta').get()).toEqual({ n: 1 })
      reader.close()
      database.close()
    } finally {
      rmSync(directory, { recursive: true })
    }
  })
})

describe('the database of a profile', () => {
  test('is opened durable, private and strict', () => {
    const directory = mkdtempSync(join(tmpdir(), 'parley-database-'))
    try {
      const file = join(directory, 'parley.db')
      const database = openDatabase(file)
      const pragma = (name: string): unknown => database.pragma(name, { simple: true })
      expect([pragma('journal_mode'), pragma('synchronous'), pragma('foreign_keys')]).toEqual(['wal', 2, 1])
      expect([pragma('trusted_schema'), pragma('secure_delete')]).toEqual([0, 1])
      expect(statSync(file).mode & 0o777).toBe(0o600)
      database.close()
    } finally {
      rmSync(directory, { recursive: true })
    }
  })

  test('written by a newer version is left alone', () => {
    const directory = mkdtempSync(join(tmpdir(), 'parley-database-'))
    try {
      const file = join(directory, 'parley.db')
      openDatabase(file).close()
      const raw = new Sqlite(file)
      raw.pragma('user_version = 999')
      raw.close()
      expect(() => openDatabase(file)).toThrow('newer Parley')
      expect(() => openDatabaseReadonly(file)).toThrow('newer Parley')
    } finally {
      rmSync(directory, { recursive: true })
    }
  })
})
