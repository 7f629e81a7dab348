// Whether a database can be believed at all: what its constraints forbid need not be looked for once they are known to hold.
import { type Database, openDatabase } from '#store/database.ts'
import { MIGRATIONS } from '#store/migrations.ts'
import { LedgerError } from './ledger-error.ts'

/** Schema, integrity (STRICT types and UNIQUE indexes included) and foreign keys. Throws LedgerError. */
export function checkWhole(database: Database): void {
  checkVersion(database)
  checkSchema(database)
  // SQLite would list a hundred problems; the first one decides.
  const found = database.prepare<[], string>('PRAGMA integrity_check(1)').pluck().get()
  if (found !== 'ok') throw new LedgerError('corrupt', String(found))
  const dangling = database.prepare<[], Dangling>('PRAGMA foreign_key_check').get()
  if (dangling !== undefined) {
    throw new LedgerError(
      'corrupt',
      `a row of ${dangling.table} refers to a row of ${dangling.parent} that is not there`,
    )
  }
  checkStreamsOfMessages(database)
}

/** SQLite cannot: the key of a message holds the number of its stream beside its position. */
function checkStreamsOfMessages(database: Database): void {
  const next = database
    .prepare<[number], number>(
      'SELECT position >> 32 FROM messages WHERE position >= (? << 32) ORDER BY position LIMIT 1',
    )
    .pluck()
  const isThere = database.prepare<[number]>('SELECT 1 FROM streams WHERE id = ?')
  const first = database.prepare<[], number>('SELECT min(position) >> 32 FROM messages').pluck().get() ?? 0
  for (let stream: number | undefined = first; stream !== undefined; stream = next.get(stream + 1)) {
    if (stream !== 0 && isThere.get(stream) === undefined)
      throw new LedgerError('corrupt', 'a message belongs to a stream that is not there')
  }
}

interface Dangling {
  readonly table: string
  readonly parent: string
}

function checkVersion(database: Database): void {
  const version = Number(database.pragma('user_version', { simple: true }))
  if (version === 0) throw new LedgerError('not-a-profile', 'it holds no tables of Parley')
  if (version < MIGRATIONS.length) {
    throw new LedgerError(
      'older-schema',
      `it has schema ${version}, this Parley reads ${MIGRATIONS.length}: start its peer once`,
    )
  }
}

function checkSchema(database: Database): void {
  expected ??= freshSchema()
  const found = schemaOf(database)
  for (const [name, sql] of expected) {
    if (found.get(name) !== sql)
      throw new LedgerError('wrong-schema', `${name} is not what schema ${MIGRATIONS.length} says`)
  }
  for (const name of found.keys()) {
    if (!expected.has(name)) throw new LedgerError('wrong-schema', `schema ${MIGRATIONS.length} has no ${name}`)
  }
}

/** The same for every database, and a third of what it costs to check one. */
let expected: ReadonlyMap<string, string> | undefined

function freshSchema(): ReadonlyMap<string, string> {
  const fresh = openDatabase(':memory:')
  try {
    return schemaOf(fresh)
  } finally {
    fresh.close()
  }
}

/** By name; without comments and spacing, which mean nothing, and without what SQLite keeps for itself. */
function schemaOf(database: Database): Map<string, string> {
  const rows = database
    .prepare<[], { name: string; sql: string }>(
      `SELECT type || ' ' || name AS name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'`,
    )
    .all()
  return new Map(rows.map(({ name, sql }) => [name, sql.replaceAll(/--[^\n]*/g, '').replaceAll(/\s+/g, ' ')]))
}
