// Databases in memory. To prepare the statements of a profile takes longer than most devices live, so they serve one after the other.
import Sqlite from 'better-sqlite3'
import { z } from 'zod'
import { type Database, openDatabase } from '#store/database.ts'

const Tables = z.array(z.string())

const spare: Database[] = []
let emptyImage: Buffer | undefined
let tables: readonly string[] | undefined

/** As a new profile has it. */
export function emptyDatabase(): Database {
  emptyImage ??= imageOfNone()
  return spare.pop() ?? databaseOf(emptyImage)
}

/** As `openDatabase` does, statements keep the plan that they were prepared with; and one process takes them over from the one before. */
export function databaseOf(image: Buffer): Database {
  const database = new Sqlite(image)
  database.pragma('foreign_keys = ON')
  const prepare = database.prepare.bind(database)
  const prepared = new Map<string, ReturnType<typeof prepare>>()
  return Object.assign(database, {
    prepare: (sql: string) => {
      let statement = prepared.get(sql)
      if (statement === undefined) {
        statement = prepare(sql.replaceAll('?', '+?'))
        prepared.set(sql, statement)
      }
      return statement
    },
  })
}

/** Nobody uses it any more: it is emptied for the next. */
export function giveBack(database: Database): void {
  tables ??= tablesOf(database)
  database.pragma('foreign_keys = OFF')
  database.exec(tables.map((table) => `DELETE FROM ${table};`).join(''))
  database.exec(`INSERT INTO message_words (message_words) VALUES ('delete-all')`)
  database.pragma('foreign_keys = ON')
  spare.push(database)
}

function imageOfNone(): Buffer {
  const database = openDatabase(':memory:')
  const image = database.serialize()
  database.close()
  return image
}

/** All that a profile writes to by itself; those of the index are written through it. */
function tablesOf(database: Database): readonly string[] {
  const sql = `SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name != 'sqlite_schema'`
  return Tables.parse(database.prepare(sql).pluck().all())
}
