import type { Database } from 'better-sqlite3'

/**
 * Every statement prepared from here on keeps the plan that it was prepared with. SQLite, built to look at values (STAT4), compiles most
 * statements with a join, an order or a limit anew whenever a bare parameter of theirs is bound, which costs ten times what they
 * do; behind a plus it is the same value, found by the same index, and no plan depends on it.
 */
export function keepPlans(database: Database): void {
  const prepare = database.prepare.bind(database)
  Object.assign(database, { prepare: (sql: string) => prepare(sql.replaceAll(/\?|@\w+/g, '+$&')) })
}
