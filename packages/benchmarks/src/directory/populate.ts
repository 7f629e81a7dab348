// Many users in little time: one is registered by the front door, and the rest are copies of its rows under other names. What they
// signed is then another's, which the directory does not look at when it answers.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import Sqlite, { type Database } from 'better-sqlite3'
import { displayName } from './display-names.ts'
import { audienceAt, newPerson, put, register, statementOf } from './people.ts'
import { userName } from './user-names.ts'

/** The tables that make a user. */
const TABLES = ['users', 'devices', 'statements', 'sightings']
const PER_TRANSACTION = 10_000

/** To be searched, users need no more than a name: what they signed would only be a gigabyte more to write. */
type Purpose = 'to be looked up' | 'to be searched'

/** Makes the data directory of a directory with so many users. */
export async function populate(dataDir: string, users: number, purpose: Purpose = 'to be looked up'): Promise<void> {
  // Loaded only where it is needed. Here it plays no part in what is measured.
  const { startDirectory } = await import('@parley/directory-server')
  const directory = await startDirectory({ dataDir, port: 0 })
  const port = Number(new URL(directory.url).port)
  const audience = await audienceAt(port)
  const person = await newPerson(userName(0), audience)
  await register(port, person)
  for (const device of person.devices) {
    const statement = await statementOf(person, device, audience)
    await put(port, `/v1/users/${person.name}/devices/${device.publicKey}`, { statement })
  }
  await directory.stop()
  const database = new Sqlite(join(dataDir, 'directory.sqlite'))
  try {
    copyUser(database, users, purpose)
  } finally {
    database.close()
  }
}

function copyUser(database: Database, users: number, purpose: Purpose): void {
  database.pragma('synchronous = OFF')
  const isSearched = purpose === 'to be searched'
  const inserts = (isSearched ? ['users'] : TABLES).map((table) => copier(database, table, isSearched))
  for (let from = 1; from < users; from += PER_TRANSACTION) {
    database.transaction(() => {
      for (let number = from; number < Math.min(users, from + PER_TRANSACTION); number += 1) {
        for (const insert of inserts) insert(number)
      }
    })()
  }
  // The index is then made at the next start.
  if (isSearched) database.exec("DELETE FROM settings WHERE key = 'search-index'")
  database.pragma('wal_checkpoint(TRUNCATE)')
}

/** Inserts the first row of the table again as that of another user. */
function copier(database: Database, table: string, isBare: boolean): (number: number) => void {
  const row = database.prepare<[], Record<string, unknown>>(`SELECT * FROM ${table}`).get()
  if (row === undefined) throw new Error(`the first user has no row in ${table}`)
  const columns = Object.keys(row)
  const insert = database.prepare<[Record<string, unknown>]>(
    `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map((column) => `@${column}`).join(', ')})`,
  )
  return (number) => {
    const copy = { ...row }
    if ('name' in row) copy['name'] = userName(number)
    if ('display_name' in row) copy['display_name'] = displayName(number)
    if ('record' in row && isBare) copy['record'] = ''
    if ('account_id' in row) copy['account_id'] = idOf('account', number)
    if ('device_key' in row) copy['device_key'] = idOf('device', number)
    insert.run(copy)
  }
}

function idOf(kind: string, number: number): string {
  return createHash('sha256').update(`${kind} ${number}`).digest('base64url')
}
