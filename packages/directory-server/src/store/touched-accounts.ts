import type { AccountId } from '@parley/shared/ids.ts'
import type { Database } from 'better-sqlite3'

/** The tables whose rows are told of an account. */
const TABLES = ['users', 'devices', 'statements', 'sightings']

/**
 * Calls `touched` for every row of these tables that is written, whoever writes it: at once, inside the transaction, also when
 * that is rolled back later. Triggers, so that no statement can forget it; temporary ones, for they belong to this connection.
 */
export function watchAccounts(database: Database, touched: (accountId: AccountId) => void): void {
  database.function('touched', (accountId) => {
    touched(accountId as AccountId)
    return null
  })
  for (const table of TABLES) {
    for (const [event, row] of [
      ['INSERT', 'new'],
      ['UPDATE', 'new'],
      ['DELETE', 'old'],
    ]) {
      database.exec(
        `CREATE TEMP TRIGGER ${table}_touched_by_${event} AFTER ${event} ON main.${table}
         BEGIN SELECT touched(${row}.account_id); END`,
      )
    }
  }
}
