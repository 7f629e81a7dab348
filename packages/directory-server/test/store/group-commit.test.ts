import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MAX_WAITING_WORKS } from '@parley/shared/limits.ts'
import Sqlite, { type Database } from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { directoryLimits } from '#limits/directory-limits.ts'
import { openDatabase, transactionsOf } from '#store/database.ts'
import { GroupCommit, type Transactions } from '#store/group-commit.ts'
import type { StoreError } from '#store/store-error.ts'

/** A real database with a table of numbers, counted commits, and commits that fail when a test says so. */
class World implements AsyncDisposable {
  readonly dir: string
  readonly database: Database
  readonly commit: GroupCommit
  readonly failures: StoreError[] = []
  commits = 0
  failNextCommit: (() => Error) | undefined

  private constructor(dir: string) {
    this.dir = dir
    this.database = openDatabase(join(dir, 'test.sqlite'))
    this.database.exec('CREATE TABLE numbers (n INTEGER PRIMARY KEY) STRICT')
    const real = transactionsOf(this.database)
    const transactions: Transactions = {
      begin: () => real.begin(),
      rollback: () => real.rollback(),
      commit: () => {
        const failure = this.failNextCommit
        this.failNextCommit = undefined
        if (failure !== undefined) throw failure()
        real.commit()
        this.commits += 1
      },
    }
    this.commit = new GroupCommit(transactions, directoryLimits(), (error) => this.failures.push(error))
  }

  static async open(): Promise<World> {
    return new World(await mkdtemp(join(tmpdir(), 'parley-commit-')))
  }

  insert(n: number): number {
    this.database.prepare('INSERT INTO numbers (n) VALUES (?)').run(n)
    return n
  }

  get numbers(): unknown[] {
    return this.database.prepare('SELECT n FROM numbers ORDER BY n').pluck().all()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.database.close()
    await rm(this.dir, { recursive: true })
  }
}

const codeIs = (code: StoreError['code']) => expect.objectContaining({ name: 'StoreError', code })

describe('group commit', () => {
  test('the work of one turn is one transaction, and each promise has its own result', async () => {
    await using world = await World.open()

    const results = await Promise.all([1, 2, 3].map((n) => world.commit.run(() => world.insert(n))))

    expect(results).toEqual([1, 2, 3])
    expect(world.commits).toBe(1)
  })

  test('nobody is answered before the commit', async () => {
    await using world = await World.open()
    const seen = world.commit.run(() => world.insert(1)).then(() => world.commits)

    expect(await seen).toBe(1)
    expect(world.database.inTransaction).toBe(false)
  })

  test('work that throws rejects alone, and the others are as if it had never been', async () => {
    await using world = await World.open()
    const outcomes = await Promise.allSettled([
      world.commit.run(() => world.insert(1)),
      world.commit.run(() => {
        world.insert(2)
        throw new Error('changed my mind')
      }),
      world.commit.run(() => world.insert(1)),
      world.commit.run(() => world.insert(3)),
    ])

    expect(outcomes).toMatchObject([
      { status: 'fulfilled', value: 1 },
      { status: 'rejected', reason: { message: 'changed my mind' } },
      { status: 'rejected', reason: { code: 'SQLITE_CONSTRAINT_PRIMARYKEY' } },
      { status: 'fulfilled', value: 3 },
    ])
    expect(world.numbers).toEqual([1, 3])
    expect(world.commits).toBe(1)
  })

  test('an I/O error at the commit ends it: nothing was acknowledged and nothing will be', async () => {
    await using world = await World.open()
    world.failNextCommit = () => new Sqlite.SqliteError('disk I/O error', 'SQLITE_IOERR_FSYNC')

    const outcomes = await Promise.allSettled([1, 2].map((n) => world.commit.run(() => world.insert(n))))

    for (const outcome of outcomes) expect(outcome).toMatchObject({ status: 'rejected', reason: codeIs('failed') })
    await expect(world.commit.run(() => world.insert(3))).rejects.toEqual(codeIs('failed'))
    expect(world.failures).toEqual([codeIs('failed')])
    expect(world.commit.state).toBe('failed')
    expect(world.numbers).toEqual([])
  })

  test('an I/O error inside of work ends it just so', async () => {
    await using world = await World.open()
    const broken = world.commit.run(() => {
      throw new Sqlite.SqliteError('disk I/O error', 'SQLITE_IOERR_READ')
    })

    await expect(broken).rejects.toEqual(codeIs('failed'))
    expect(world.failures).toHaveLength(1)
  })

  test('a full disk refuses the works of its turn, and later ones have their chance', async () => {
    await using world = await World.open()
    world.failNextCommit = () => new Sqlite.SqliteError('database or disk is full', 'SQLITE_FULL')

    await expect(world.commit.run(() => world.insert(1))).rejects.toEqual(codeIs('full'))
    expect(await world.commit.run(() => world.insert(2))).toBe(2)
    expect(world.numbers).toEqual([2])
    expect(world.failures).toEqual([])
  })

  test('a database that may not grow is a full disk', async () => {
    await using world = await World.open()
    const pages = Number(world.database.pragma('page_count', { simple: true }))
    world.database.pragma(`max_page_count = ${pages + 1}`)
    world.database.exec('CREATE TABLE texts (text TEXT) STRICT')
    const write = world.commit.run(() =>
      world.database.prepare('INSERT INTO texts VALUES (?)').run('x'.repeat(100_000)),
    )

    await expect(write).rejects.toEqual(codeIs('full'))
    expect(world.commit.state).toBe('open')
  })

  test('more work than may wait is refused, and what waits is done', async () => {
    await using world = await World.open()
    const works = Array.from({ length: MAX_WAITING_WORKS }, (_, n) => world.commit.run(() => n))

    await expect(world.commit.run(() => 'too much')).rejects.toEqual(codeIs('busy'))
    expect(await Promise.all(works)).toHaveLength(MAX_WAITING_WORKS)
    expect(await world.commit.run(() => 'now')).toBe('now')
  })

  test('closing does what waits and refuses what comes later', async () => {
    await using world = await World.open()
    const waiting = world.commit.run(() => world.insert(1))

    world.commit.close()

    expect(world.numbers).toEqual([1])
    expect(await waiting).toBe(1)
    await expect(world.commit.run(() => world.insert(2))).rejects.toEqual(codeIs('stopped'))
    world.commit.close()
  })
})
