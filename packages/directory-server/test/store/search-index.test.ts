import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AccountId, Name } from '@parley/shared/ids.ts'
import type { Database } from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { directoryLimits } from '#limits/directory-limits.ts'
import { openDatabase } from '#store/database.ts'
import { SearchIndex } from '#store/search-index.ts'
import { SearchTable } from '#store/search-table.ts'
import { foldText } from '#store/search-text.ts'
import { openStore } from '#store/store.ts'

const NOW = 1_000
const ACCOUNT = AccountId.parse('A'.repeat(43))
const SYLLABLES = ['an', 'na', 'ß', 'É', 'o', ' ', '-', '%', '_', '"', '小', 'z']

/** mulberry32: the same numbers in every run. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

async function world() {
  const dir = await mkdtemp(join(tmpdir(), 'parley-search-'))
  const database = openDatabase(join(dir, 'test.sqlite'))
  const dispose = async () => {
    database.close()
    await rm(dir, { recursive: true })
  }
  return { dir, database, table: new SearchTable(database), [Symbol.asyncDispose]: dispose }
}

function user(name: string, displayName: string, statusText: string | null = null, expiresAt = NOW + 1) {
  return { name: Name.parse(name), accountId: ACCOUNT, displayName, statusText, hidesPresence: 0, expiresAt }
}

function rows(database: Database, table: string): unknown {
  return database.prepare(`SELECT count(*) FROM ${table}`).pluck().get()
}

describe('the search index', () => {
  test('finds exactly what a look at every text finds, after any number of changes', async () => {
    await using here = await world()
    const { database, table } = here
    const index = new SearchIndex(database)
    const random = randomFrom(7)
    const text = (most: number) =>
      Array.from({ length: 1 + random(most) }, () => SYLLABLES[random(SYLLABLES.length)]).join('')
    const model = new Map<string, string[]>()
    const change = () => {
      const name = `user${random(100)}`
      if (random(4) === 0) {
        table.remove(Name.parse(name))
        model.delete(name)
        return
      }
      const [displayName, statusText] = [text(4), random(2) === 0 ? null : text(12)]
      table.put(user(name, displayName, statusText))
      model.set(name, [name, foldText(displayName), foldText(statusText ?? '')])
    }
    for (let round = 0; round < 150; round++) {
      database.transaction(() => {
        for (let step = 0; step < 10; step++) change()
      })()
      const sought = foldText(text(4))
      if (sought === '') continue
      const found = index.byPart({ text: sought, limit: 1_000, now: NOW }).map((row) => row.name)
      const expected = [...model].filter(([, texts]) => texts.some((one) => one.includes(sought))).map(([one]) => one)
      expect([sought, found.toSorted()]).toEqual([sought, Array.from(sought).length < 3 ? [] : expected.toSorted()])
    }
    database.exec("INSERT INTO search_parts (search_parts) VALUES ('integrity-check')")
    database.transaction(() => {
      for (const name of model.keys()) table.remove(Name.parse(name))
    })()
    expect([rows(database, 'search_entries'), rows(database, 'search_words')]).toEqual([0, 0])
  })

  test('finds somebody behind more who do not match than it reads at once, and behind those who expired', async () => {
    await using here = await world()
    const { database, table } = here
    database.transaction(() => {
      // All have the trigrams of the text that is sought, but not in a row.
      for (let id = 0; id < 1_500; id++) table.put(user(`user${id}`, 'anna abc bcd'))
      for (let id = 0; id < 300; id++) table.put(user(`old${id}`, 'abcd', null, NOW))
      table.put(user('wanted', 'abcd'))
    })()
    const index = new SearchIndex(database)

    expect(index.byPart({ text: 'abcd', limit: 20, now: NOW })).toMatchObject([{ name: 'wanted' }])
  })

  test('takes those who registered first when more match than are wanted', async () => {
    await using here = await world()
    const { database, table } = here
    for (const name of ['c', 'a', 'd', 'b']) table.put(user(name, 'xyz'))
    const index = new SearchIndex(database)

    expect(index.byPart({ text: 'xyz', limit: 3, now: NOW }).map(({ name }) => name)).toEqual(['a', 'c', 'd'])
    const but = new Set([Name.parse('a')])
    expect(index.byPart({ text: 'xyz', limit: 3, now: NOW }, but).map(({ name }) => name)).toEqual(['b', 'c', 'd'])
  })

  test('keeps no deleted text in the file of the database', async () => {
    await using here = await world()
    const { dir, database, table } = here
    table.put(user('alice', 'Rumpelstilzchen'))
    table.put(user('alice', 'Alice'))
    database.pragma('wal_checkpoint(TRUNCATE)')

    const file = await readFile(join(dir, 'test.sqlite'))
    expect(file.includes('umpelst')).toBe(false)
    expect(file.includes('Alice')).toBe(true)
  })

  test('is filled when a database from before it is opened', async () => {
    await using here = await world()
    const dataDir = join(here.dir, 'data')
    openStore({ dataDir, limits: directoryLimits(), touched: () => {}, onFailed: () => {} }).close()
    const database = openDatabase(join(dataDir, 'directory.sqlite'))
    const insert = database.prepare(
      `INSERT INTO users (name, account_id, account_key, seq, digest, display_name, expires_at, log_index, record)
       VALUES (?, ?, 'k', 1, 'd', ?, ?, 0, 'r')`,
    )
    database.transaction(() => {
      for (let id = 0; id < 2_500; id++) insert.run(`user${id}`, ACCOUNT, `Number ${id}`, NOW + 1)
    })()
    database.exec("DELETE FROM settings WHERE key = 'search-index'")
    database.close()

    const store = openStore({ dataDir, limits: directoryLimits(), touched: () => {}, onFailed: () => {} })
    const found = store.tables.searchIndex.byPart({ text: 'umber 2499', limit: 20, now: NOW })
    store.close()
    expect(found).toMatchObject([{ name: 'user2499' }])
  })
})
