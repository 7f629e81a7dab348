import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Database, openDatabase } from '#store/database.ts'

let database: Database
beforeAll(() => {
  database = openDatabase(':memory:')
})
afterAll(() => {
  database.close()
})

test.each([['text'], ['7'], [7], [-1], [2 ** 40], [0.5], [null], [Buffer.from([1, 2])]])(
  'a parameter that no plan depends on keeps its value and its type: %p',
  (value) => {
    const statement = database.prepare<[unknown]>('SELECT ?').pluck()
    expect(statement.source).toBe('SELECT +?')
    expect(statement.get(value)).toEqual(value)
  },
)

test('what is stored by parameters is found by them, through the same index', () => {
  database
    .prepare('INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = ?')
    .run('a', '1', '2')
  database.prepare('UPDATE meta SET value = value || ? WHERE key = ?').run('3', 'a')
  const find = 'SELECT value FROM meta WHERE key = ? ORDER BY key LIMIT ?'
  expect(database.prepare(find).pluck().all('a', 1)).toEqual(['13'])
  const [step] = database.prepare(`EXPLAIN QUERY PLAN ${find}`).all('a', 1)
  expect(step).toMatchObject({ detail: 'SEARCH meta USING PRIMARY KEY (key=?)' })
})
