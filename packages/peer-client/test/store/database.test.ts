import { join } from 'node:path'
import { AccountId, DeviceKey } from '@parley/shared/ids.ts'
import Sqlite from 'better-sqlite3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Database, openDatabase } from '#store/database.ts'
import { DevicesTable } from '#store/devices-table.ts'
import { EventsTable } from '#store/events-table.ts'
import { MIGRATIONS } from '#store/migrations.ts'
import { tempDirectory } from '../support/temp-directory.ts'

const BOB = AccountId.parse('A'.repeat(43))

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

test('of a device the endpoints that worked last are kept, the latest first, whatever happens to the clock', () => {
  const devices = new DevicesTable(database)
  const device = DeviceKey.parse('B'.repeat(42).concat('A'))
  devices.upsert({ device, account: BOB, certificate: '', signalIdentity: '' }, 1)
  const add = (port: number, at: number) =>
    devices.addEndpoint(device, { transport: 'tcp', host: '192.0.2.1', port }, at)
  const ports = () => devices.endpoints(device, 1_000).map(({ port }) => port)
  for (let n = 1; n <= 20; n += 1) add(n, 1_000_000 + n)
  expect(ports()).toEqual([20, 19, 18, 17, 16, 15, 14, 13])
  add(21, 1_000)
  expect(ports()[0]).toBe(21)
  add(15, 1_001)
  expect(ports().slice(0, 2)).toEqual([15, 21])
  for (let n = 22; n <= 30; n += 1) add(n, 2_000 + n)
  expect(ports()).toEqual([30, 29, 28, 27, 26, 25, 24, 23])
})

test('what was noted before notes had a place among the messages gets one, behind what had come before it', async () => {
  await using directory = await tempDirectory()
  const file = join(directory.path, 'old.db')
  const old = new Sqlite(file)
  for (const step of MIGRATIONS.slice(0, 7)) old.exec(step)
  old.pragma('user_version = 7')
  old.exec(`
    INSERT INTO messages (position, lamport, stored_at, bytes) VALUES (${2 ** 32 + 1}, 17, 1, x''), (${2 ** 32 + 2}, 18, 2, x'');
    INSERT INTO events (kind, at, stream, from_seq, to_seq, account) VALUES
      ('key-changed', 0, NULL, NULL, NULL, '${BOB}'), ('received', 1, 1, 1, 1, '${BOB}'), ('ratchet-renewed', 1, NULL, NULL, NULL, '${BOB}'),
      ('received', 2, 1, 2, 2, '${BOB}')`)
  old.close()
  const renewed = openDatabase(file)
  const notes = new EventsTable(renewed).notes(BOB, 0, 100, 10)
  renewed.close()
  expect(notes).toMatchObject([
    { kind: 'ratchet-renewed', lamport: 17 },
    { kind: 'key-changed', lamport: 0 },
  ])
})
